// JSON values, whatever they mean. Pure.

/** Whether a value is a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of what may be an object; undefined where it is none. */
export function memberOf(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

/** The value of a JSON text; undefined for a text that is none. */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** The text that stands for a JSON object whatever the order of its members. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member) =>
    isObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

type Bounds = { readonly maxBytes: number; readonly maxLevels: number };

/** The canonical text of an object; undefined for one that is larger or deeper than that. */
export function boundedJson(value: object, { maxBytes, maxLevels }: Bounds): string | undefined {
  // JSON.parse takes any depth, but what writes JSON runs out of stack.
  if (!isWithin(value, maxLevels)) return undefined;
  const json = canonicalJson(value);
  return Buffer.byteLength(json) > maxBytes ? undefined : json;
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => isWithin(member, levels - 1));
}

/** The text without the characters that a database of Unicode text can't hold: NUL, and halves of a surrogate pair. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

/** The JSON text with every text in it storable; as it is where it is no JSON. */
export function storableJson(json: string): string {
  // Both can only stand there escaped, so that nearly every text is done with this look.
  if (!/\\u(?:0000|[dD][89a-fA-F])/.test(json)) return json;
  const value = parseJson(json);
  return value === undefined ? json : canonicalJson(toStorable(value));
}

function toStorable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(toStorable);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [storableText(name), toStorable(member)]),
  );
}
