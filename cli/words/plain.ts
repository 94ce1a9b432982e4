// Texts and numbers as they can be shown, wherever that is.

/** Text that came from elsewhere, as it can be shown: without what a terminal would act upon, on one line, not long. */
export function plain(value: unknown, maxLength = 60): string {
  const text = String(value ?? '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
}

/** A number with its noun. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
