// Moments as people read them.

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** Such as "2026-05-04 12:00Z (3 h ago)"; milliseconds in. */
export function when(ms: number | null, nowMs = Date.now()): string {
  if (ms === null) return 'never';
  // An erased user's facts stand at the end of time.
  if (ms === Number.MAX_SAFE_INTEGER) return 'for good';
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z (${relative(ms - nowMs)})`;
}

function relative(ms: number): string {
  const [unit, size] = units.find(([, size]) => Math.abs(ms) >= size) ?? ['s', 1_000];
  const span = `${Math.floor(Math.abs(ms) / size)} ${unit}`;
  return ms > 0 ? `in ${span}` : `${span} ago`;
}
