// Reads one CSV row (RFC 4180), which is known to end where its quotes do.

/** The cells of a row, or null for one whose quotes don't fit. */
export function toCells(row: string): string[] | null {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    const isQuoted = row[at] === '"';
    const end = isQuoted ? closingQuote(row, at + 1) : endOfBare(row, at);
    if (end === -1) return null;
    cells.push(isQuoted ? row.slice(at + 1, end).replaceAll('""', '"') : row.slice(at, end));
    at = isQuoted ? end + 1 : end;
    if (at === row.length) return cells;
    if (row[at] !== ',') return null;
    at++;
  }
}

function closingQuote(row: string, from: number): number {
  let at = row.indexOf('"', from);
  while (at !== -1 && row[at + 1] === '"') at = row.indexOf('"', at + 2);
  return at;
}

function endOfBare(row: string, from: number): number {
  const comma = row.indexOf(',', from);
  return comma === -1 ? row.length : comma;
}
