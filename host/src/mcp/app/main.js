// What the host tells, shown: the statement when the call begins, the rows when it ends.
const status = document.getElementById("status");
const result = document.getElementById("result");
const statement = document.getElementById("statement");
// Hosts may set the look's variables, and nothing else.
const VARIABLE = /^--(color|font|border|shadow)-[a-z0-9-]+$/;

function look({ theme, styles, containerDimensions }) {
  if (theme === "light" || theme === "dark") document.documentElement.style.colorScheme = theme;
  for (const [name, value] of Object.entries(styles?.variables ?? {})) {
    if (VARIABLE.test(name) && typeof value === "string") document.documentElement.style.setProperty(name, value);
  }
  if (containerDimensions) document.documentElement.classList.toggle("fills", "height" in containerDimensions);
}

function showInput({ arguments: given = {} }) {
  statement.hidden = typeof given.sql !== "string";
  statement.querySelector("pre").textContent = given.sql ?? "";
}

function showResult({ isError, content = [], structuredContent }) {
  const text = content.map((part) => part.text ?? "").join("\n");
  if (isError || !structuredContent) return say(text || "The call failed.", isError);
  status.classList.remove("error");
  status.replaceChildren(...summaryOf(structuredContent));
  result.replaceChildren(...setsOf(structuredContent).map(section));
}

function say(text, isError) {
  status.classList.toggle("error", Boolean(isError));
  status.textContent = text;
  result.replaceChildren();
}

function section(set) {
  const parts = [];
  if (set.text !== undefined) {
    parts.push(element("pre", { tabindex: "0" }, set.text));
  } else if (set.columns.length > 0) {
    const plan = drawable(set);
    const drawn = plan && chart(plan, set);
    parts.push(...(drawn?.parts ?? []), ...table(set, drawn?.reorder ?? (() => {})));
  }
  return element("section", {}, ...parts, ...set.notes.map((note) => element("p", { class: "note" }, note)));
}

tellSize();
connect(({ hostContext }) => look(hostContext ?? {}), {
  "ui/notifications/tool-input": showInput,
  "ui/notifications/tool-result": showResult,
  "ui/notifications/tool-cancelled": ({ reason }) => say(`The call was cancelled${reason ? `: ${reason}` : "."}`, true),
  "ui/notifications/host-context-changed": look,
});
