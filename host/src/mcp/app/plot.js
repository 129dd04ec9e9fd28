// One drawing: axes, then marks. Gives where its rows are.
function plot(drawing, { label, series }, rows, lines, width) {
  const shown = series.filter((one) => one.on);
  const values = shown.flatMap(({ at }) => rows.map((row) => numberAt(row, at))).filter((value) => value !== null);
  const axis = scale(values.length > 0 ? values : [0, 1], !lines);
  const texts = tickTexts(axis.ticks);
  const names = rows.map((row, at) => shortened(labelOf(label, row, at)));
  const wide = Math.max(...names.map((name) => name.length)) * CHARACTER + 12;
  const beside = TITLE_ROOM + 10 + Math.max(...texts.map((text) => text.length)) * CHARACTER;
  // Names that don't fit side by side are turned; those that still don't are left out.
  const turned = label?.kind === "text" && (width - beside - RIGHT) / rows.length < wide;
  const left = turned ? Math.max(beside, names[0].length * CHARACTER * 0.8 - (width - beside) / rows.length / 2) : beside;
  const band = (width - left - RIGHT) / rows.length;
  const bottom = HEIGHT - TITLE_ROOM - (turned ? 18 + wide * 0.5 : 20);
  const y = (value) => bottom - ((value - axis.low) / (axis.high - axis.low)) * (bottom - TOP);
  const x = (at) => left + (at + 0.5) * band;

  const here = shape("rect", { class: "here", y: TOP, height: bottom - TOP, visibility: "hidden" });
  const parts = [here];
  axis.ticks.forEach((tick, at) => {
    parts.push(shape("line", { class: tick === 0 ? "zero" : "grid", x1: left, x2: width - RIGHT, y1: y(tick), y2: y(tick) }));
    parts.push(shape("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, texts[at]));
  });
  const every = Math.ceil((turned ? 16 : wide) / band);
  names.forEach((name, at) => {
    if (at % every !== 0) return;
    const place = turned ? { transform: `translate(${x(at) + 4} ${bottom + 16}) rotate(-35)`, "text-anchor": "end" } : { x: x(at), y: bottom + 18, "text-anchor": "middle" };
    parts.push(shape("text", place, name));
  });
  const above = shown.length === 1 ? shown[0].name : "value";
  const middle = (TOP + bottom) / 2;
  parts.push(shape("text", { class: "title", x: (left + width - RIGHT) / 2, y: HEIGHT - 5, "text-anchor": "middle" }, label?.name ?? "row"));
  parts.push(shape("text", { class: "title", transform: `translate(14 ${middle}) rotate(-90)`, "text-anchor": "middle" }, shortened(above)));
  parts.push(...(lines ? lineMarks(shown, rows, x, y) : barMarks(shown, rows, x, y, band, y(Math.max(axis.low, 0)))));
  drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  drawing.setAttribute("aria-label", `${lines ? "Line" : "Bar"} chart of ${shown.map(({ name }) => name).join(", ")} by ${label?.name ?? "row"}; arrow keys read its values`);
  drawing.replaceChildren(...parts);

  return {
    rows,
    center: x,
    nearest: (px) => Math.min(Math.max(Math.floor((px - left) / band), 0), rows.length - 1),
    mark: (at) => {
      here.setAttribute("visibility", at < 0 ? "hidden" : "visible");
      here.setAttribute("x", x(Math.max(at, 0)) - Math.max(band, 2) / 2);
      here.setAttribute("width", Math.max(band, 2));
    },
  };
}

function barMarks(shown, rows, x, y, band, zero) {
  const room = Math.min(band * 0.8, 64 * shown.length);
  const thick = room / Math.max(shown.length, 1);
  return shown.flatMap((one, place) => rows.flatMap((row, at) => {
    const value = numberAt(row, one.at);
    if (value === null) return [];
    const [from, to] = [Math.min(y(value), zero), Math.max(y(value), zero)];
    const left = x(at) - room / 2 + place * thick;
    return [shape("rect", { class: `mark ${one.class}`, x: left, y: from, width: Math.max(thick - 1, 1), height: Math.max(to - from, 0.5), rx: Math.min(2, thick / 4) })];
  }));
}

// NULL is a gap; a value between two gaps is a dot.
function lineMarks(shown, rows, x, y) {
  return shown.flatMap((one) => {
    const marks = [];
    let path = [];
    const end = () => {
      if (path.length === 1) marks.push(shape("circle", { class: `mark ${one.class}`, cx: path[0][0], cy: path[0][1], r: 3 }));
      else if (path.length > 1) marks.push(shape("path", { class: `mark ${one.class}`, d: `M${path.map((point) => point.join(" ")).join("L")}` }));
      path = [];
    };
    rows.forEach((row, at) => {
      const value = numberAt(row, one.at);
      if (value === null) end();
      else path.push([x(at), y(value)]);
    });
    end();
    return marks;
  });
}
