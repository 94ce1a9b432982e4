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
  // The facts of an erased user are dated at the end of time.
  if (ms === Number.MAX_SAFE_INTEGER) return 'for good';
  const distance = ms > nowMs ? `in ${span(ms - nowMs)}` : `${span(nowMs - ms)} ago`;
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z (${distance})`;
}

/** The same for a cell: broken before the distance alone. */
export function whenCell(ms: number | null): string {
  return when(ms).replace(/ (?!\()/g, '\u00a0');
}

/** How long ago a moment was, such as "3 h"; a moment that is unknown has no age. */
export function age(ms: number | null, nowMs = Date.now()): string {
  return ms === null ? '–' : span(Math.max(0, nowMs - ms));
}

/** How long it is until a moment, such as "4 min". */
export function until(ms: number | null, nowMs = Date.now()): string {
  if (ms === null) return '–';
  return ms > nowMs ? span(ms - nowMs) : 'now';
}

function span(ms: number): string {
  const [unit, size] = units.find(([, size]) => ms >= size) ?? ['s', 1_000];
  return `${Math.floor(ms / size)} ${unit}`;
}
