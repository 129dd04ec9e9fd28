// What a column holds, how a cell reads, and which of two comes first.
const NUMERIC_TYPE =
  /^(u?(tiny|small|medium|big)?int(eger)?\d*|(big|small)?serial\d?|oid|numeric|decimal|dec|number|real|float\d*|double( precision)?|(small)?money)\b/i;
const TIME_TYPE = /^(date|time|timestamp|datetime|smalldatetime)/i;
const TIME_TEXT = /^\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?)?$/;
const NUMBER_TEXT = /^([+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|NaN|[+-]?Infinity)$/i;

// "number", "time", "boolean", "text" or "other". Large integers and decimals come as strings: they are numbers where the
// column's type says so, or where its other cells are.
function kindOf(type, cells) {
  const present = cells.filter((cell) => cell !== null);
  const every = (test) => present.length > 0 && present.every(test);
  const numeric = (cell) => typeof cell === "number" || (typeof cell === "string" && NUMBER_TEXT.test(cell));
  if (every(numeric) && (NUMERIC_TYPE.test(type) || present.some((cell) => typeof cell === "number"))) return "number";
  if (every((cell) => typeof cell === "boolean")) return "boolean";
  if (!every((cell) => typeof cell === "string")) return present.length > 0 ? "other" : "text";
  return TIME_TYPE.test(type) || every((cell) => TIME_TEXT.test(cell)) ? "time" : "text";
}

// A cell as it is shown: every digit, as it came.
function textOf(cell) {
  if (cell === null) return "NULL";
  if (typeof cell === "object") return JSON.stringify(cell);
  return Object.is(cell, -0) ? "-0" : String(cell);
}

const collator = new Intl.Collator();

// NULL comes last, whichever way a column is sorted.
function compareCells(kind, one, other, direction) {
  if (one === null || other === null) return (one === null) - (other === null);
  return direction * compareValues(kind, one, other);
}

function compareValues(kind, one, other) {
  if (kind === "number") return compareNumbers(textOf(one), textOf(other));
  if (kind === "boolean") return one - other;
  const [a, b] = [textOf(one), textOf(other)];
  return kind === "text" ? collator.compare(a, b) : (a > b) - (a < b);
}

// Doubles settle most; where they are the same, the digits do. NaN is the greatest.
function compareNumbers(one, other) {
  const [a, b] = [Number(one), Number(other)];
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
  if (a !== b) return a - b;
  const [left, right] = [digitsOf(one), digitsOf(other)];
  if (left === null || right === null || left.exponent - right.exponent > MAX_SHIFT || right.exponent - left.exponent > MAX_SHIFT) return 0;
  const least = left.exponent < right.exponent ? left.exponent : right.exponent;
  const [x, y] = [left, right].map(({ digits, exponent }) => digits * 10n ** (exponent - least));
  return (x > y) - (x < y);
}

// Numbers whose doubles are equal differ by no more zeros than this unless both are zero or infinite.
const MAX_SHIFT = 20_000n;

function digitsOf(text) {
  const parts = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text);
  if (parts === null) return null;
  const [, sign, whole, fraction, exponent] = parts;
  return { digits: BigInt(`${whole}${fraction}` || "0") * (sign === "-" ? -1n : 1n), exponent: BigInt(exponent ?? 0) - BigInt(fraction.length) };
}
