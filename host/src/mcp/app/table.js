// A table whose columns sort: up, down, and as the rows came.
const ROWS_AT_A_TIME = 200;
// Longer texts are folded.
const FOLD_BEYOND = 240;

// `sorted` is told of each new order of the rows.
function table({ columns, rows }, sorted) {
  let order = rows;
  let by = null;
  let direction = 1;
  let shown = ROWS_AT_A_TIME;
  const body = element("tbody");
  const more = element("button", { class: "more", type: "button", click: () => draw((shown += ROWS_AT_A_TIME)) });
  const heads = columns.map((column) => {
    const label = [element("span", { class: "name" }, column.name), element("span", { class: "type" }, column.type)];
    const button = element("button", { type: "button", click: () => sort(column) }, ...label);
    return element("th", { scope: "col", class: column.kind, "aria-sort": "none" }, button);
  });

  function sort(column) {
    if (by !== column) [by, direction] = [column, 1];
    else if (direction === 1) direction = -1;
    else by = null;
    order = by === null ? rows : rows.toSorted((one, other) => compareCells(by.kind, one[by.at], other[by.at], direction));
    heads.forEach((head, at) => {
      const state = columns[at] !== by ? "none" : direction === 1 ? "ascending" : "descending";
      head.setAttribute("aria-sort", state);
    });
    draw();
    sorted(order);
  }

  function draw() {
    body.replaceChildren(...order.slice(0, shown).map((row) => element("tr", {}, ...columns.map((column) => cell(column, row[column.at])))));
    const left = order.length - shown;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(left, ROWS_AT_A_TIME).toLocaleString()} more of ${order.length.toLocaleString()} rows`;
  }

  draw();
  const head = element("thead", {}, element("tr", {}, ...heads));
  const frame = element("div", { class: "frame", tabindex: "0", role: "region", "aria-label": "Rows" }, element("table", {}, head, body));
  return [frame, more];
}

function cell({ kind }, value) {
  const text = textOf(value);
  if (value === null) return element("td", { class: kind }, element("span", { class: "null" }, text));
  if (text.length <= FOLD_BEYOND || kind === "number") return element("td", { class: kind }, text);
  return element("td", { class: kind }, element("details", {}, element("summary", {}, `${text.slice(0, FOLD_BEYOND / 2)}…`), text));
}
