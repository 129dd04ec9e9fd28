// What of a result can be drawn: a label for each row, and the numeric columns.
const MAX_SERIES = 6;
// Series whose largest values are further apart than this can't be read on one axis.
const COMPARABLE = 20;
// More bars than these are thinner than their gaps; more points than these can't be told apart.
const MAX_BARS = 60;
const MAX_POINTS = 2_000;

// None where there is nothing to compare.
function drawable({ columns, rows }) {
  const numbers = columns.filter((column) => column.kind === "number");
  const label = columns.find(isLabel) ?? columns.find(({ kind }) => kind === "boolean") ?? rising(numbers, rows);
  const measures = numbers.filter((column) => column !== label && !isKey(column));
  const found = measures.slice(0, MAX_SERIES);
  if (rows.length < 2 || found.length === 0 || !found.some((column) => largest(column, rows) > 0)) return undefined;
  const most = largest(found[0], rows);
  const series = found.map((column, at) => {
    const size = largest(column, rows);
    return { ...column, class: `s${at + 1}`, on: at === 0 || (size * COMPARABLE >= most && size <= most * COMPARABLE) };
  });
  const ordered = label !== undefined && (label.kind === "time" || label.kind === "number");
  return { label, series, ordered };
}

function isLabel({ kind }) {
  return kind === "text" || kind === "time";
}

// A key is a number that nobody adds up.
function isKey({ name }) {
  return /^(id|oid|.*_id|.*Id)$/.test(name);
}

// A first column of numbers that only rises (a year, a bucket) says where a row belongs.
function rising(numbers, rows) {
  const [first] = numbers;
  if (first === undefined || numbers.length < 2) return undefined;
  const rises = rows.every((row, at) => row[first.at] !== null && (at === 0 || compareCells("number", rows[at - 1][first.at], row[first.at], 1) < 0));
  return rises ? first : undefined;
}

function largest({ at }, rows) {
  return rows.reduce((most, row) => Math.max(most, Math.abs(numberAt(row, at) ?? 0)), 0);
}

// A cell as a place on an axis: null where it has none.
function numberAt(row, at) {
  const number = row[at] === null ? NaN : Number(row[at]);
  return Number.isFinite(number) ? number : null;
}

// The rows that are drawn. Lines go where their label goes; bars are in the table's order.
function drawnRows({ label, ordered }, rows, lines) {
  if (!lines) return rows.slice(0, MAX_BARS);
  const order = ordered ? rows.toSorted((one, other) => compareCells(label.kind, one[label.at], other[label.at], 1)) : rows;
  return order.slice(0, MAX_POINTS);
}
