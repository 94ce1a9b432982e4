// How many users go into one request to ROQ.

/** ROQ cuts long lists at a length that it does not publish; this stays below any likely one. */
export const batchSize = 25;

/** The rows in batches of that size, in their order. */
export function batchesOf<Row>(rows: readonly Row[], size = batchSize): readonly (readonly Row[])[] {
  const count = Math.ceil(rows.length / size);
  return Array.from({ length: count }, (_, i) => rows.slice(i * size, (i + 1) * size));
}
