// A tool's answer as sets of rows. A set has columns, each with its name, type and kind, and rows that are arrays.
function setsOf(content) {
  const sets = [content, ...(content.more ?? [])];
  return sets.filter((set) => Array.isArray(set.columns)).map(setOf);
}

function setOf(set) {
  const rows = (set.rows ?? []).map((row) => (Array.isArray(row) ? row : cellsOf(row, set.columns)));
  const columns = set.columns.map(({ name, type }, at) => {
    const cells = rows.map((row) => row[at]);
    return { at, name, type, kind: kindOf(type, cells) };
  });
  return { columns, rows, text: set.text, notes: notesOf(set) };
}

function cellsOf(row, columns) {
  return columns.map(({ name, key = name }) => (Object.hasOwn(row, key) ? row[key] : null));
}

function notesOf(set) {
  const notes = [];
  if (set.truncated) notes.push(`There are more rows than these: the answer was cut at ${set.truncated.limit} ${set.truncated.by}.`);
  if (set.columns.length === 0) notes.push(set.command ?? `${set.rows_affected ?? 0} rows affected`);
  for (const { severity, message } of set.notices ?? []) notes.push(`${severity}: ${message}`);
  return notes;
}

// How the answer begins: the database, how many rows, how long it took.
function summaryOf(content) {
  const count = content.row_count ?? 0;
  const rows = `${count.toLocaleString()} ${count === 1 ? "row" : "rows"}${content.truncated ? ", and more" : ""}`;
  const took = content.elapsed_ms === undefined ? "" : ` in ${content.elapsed_ms.toLocaleString(undefined, { maximumFractionDigits: 1 })} ms`;
  return [element("strong", {}, rows), `${took} from ${content.database_id ?? "a database"}`];
}
