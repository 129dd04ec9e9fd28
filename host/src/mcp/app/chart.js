// Bars or lines with labelled axes, drawn anew when the width, the rows' order or the choice of series changes.
const HEIGHT = 280;
const TOP = 12;
const RIGHT = 14;
const TITLE_ROOM = 22;
const LABEL_CHARACTERS = 16;
// What a character of the axes' texts takes, in pixels, on average.
const CHARACTER = 6.6;

function chart(plan, set) {
  const { label, series } = plan;
  let rows = set.rows;
  let lines = plan.ordered;
  let width = 0;
  let places = null;
  let at = -1;
  const drawing = shape("svg", { tabindex: "0", role: "img", height: HEIGHT, keydown: move, blur: () => point(-1) });
  const tip = element("div", { class: "tip", role: "status", hidden: true });
  const holder = element("div", { class: "chart", pointermove: follow, pointerleave: () => point(-1) }, drawing, tip);
  const cut = element("p", { class: "note" });
  const chips = series.map((one) => toggle([element("span", { class: `swatch ${one.class}` }), element("span", {}, one.name)], () => one.on, () => (one.on = !one.on)));
  const forms = [["Bars", false], ["Lines", true]].map(([name, is]) => toggle([name], () => lines === is, () => (lines = is)));
  const buttons = [...chips, element("span", { class: "gap" }), ...forms];
  const bar = element("div", { class: "bar", role: "group", "aria-label": "Chart" }, ...buttons);

  function toggle(children, is, change) {
    const button = element("button", { class: "chip", type: "button", "aria-pressed": String(is()), click: () => { change(); draw(); } }, ...children);
    button.refresh = () => button.setAttribute("aria-pressed", String(is()));
    return button;
  }

  function draw() {
    point(-1);
    [...chips, ...forms].forEach((button) => button.refresh());
    if (width === 0) return;
    const drawn = drawnRows(plan, rows, lines);
    places = plot(drawing, plan, drawn, lines, width);
    cut.hidden = drawn.length === rows.length;
    cut.textContent = `The chart shows ${drawn.length.toLocaleString()} of ${rows.length.toLocaleString()} rows.`;
  }

  function follow(event) {
    if (places !== null) point(places.nearest(event.clientX - drawing.getBoundingClientRect().left));
  }

  function move(event) {
    const last = (places?.rows.length ?? 0) - 1;
    const next = { ArrowLeft: Math.max(at - 1, 0), ArrowRight: Math.min(at + 1, last), Home: 0, End: last, Escape: -1 }[event.key];
    if (next === undefined || last < 0) return;
    event.preventDefault();
    point(next);
  }

  // Shows a row's values, exactly.
  function point(next) {
    at = next;
    tip.hidden = at < 0;
    places?.mark(at);
    if (at < 0) return;
    const row = places.rows[at];
    const values = series.filter((one) => one.on).map((one) => element("div", {}, element("span", { class: `swatch ${one.class}` }), `${one.name}: ${textOf(row[one.at])}`));
    tip.replaceChildren(element("b", {}, labelOf(label, row, at)), ...values);
    const [left, room] = [places.center(at), tip.offsetWidth];
    tip.style.left = `${left + room + 16 < width ? left + 10 : Math.max(0, left - room - 10)}px`;
  }

  new ResizeObserver(() => {
    if (holder.clientWidth === width) return;
    width = holder.clientWidth;
    draw();
  }).observe(holder);
  const reorder = (order) => { rows = order; draw(); };
  return { parts: [bar, holder, cut], reorder };
}

function labelOf(label, row, at) {
  return label === undefined ? `Row ${at + 1}` : textOf(row[label.at]);
}

function shortened(text) {
  return text.length > LABEL_CHARACTERS ? `${text.slice(0, LABEL_CHARACTERS - 1)}…` : text;
}
