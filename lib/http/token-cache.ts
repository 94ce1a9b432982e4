// A bearer token for everybody who asks: fetched once, however many wait for it, and renewed before it ends.

export type Token = { readonly text: string; readonly endsAtMs: number };

export type TokenCache = ReturnType<typeof createTokenCache>;

// What is sent with a token must arrive before it ends.
const marginMs = 60_000;

/**
 * Keeps what `fetchToken` brings; a failure is not kept, so that the next who asks tries again. `fetchToken` bounds its
 * own time: it works for all who wait, so it must not end with the patience of the first.
 * @param now our clock, in milliseconds
 */
export function createTokenCache(fetchToken: () => Promise<Token>, now: () => number) {
  let kept: { readonly text: string; readonly renewAtMs: number } | null = null;
  let fetching: Promise<string> | null = null;

  /** The token to send now. Throws what `fetchToken` throws. */
  async function get(): Promise<string> {
    if (kept && now() < kept.renewAtMs) return kept.text;
    fetching ??= renew().finally(() => {
      fetching = null;
    });
    return fetching;
  }

  async function renew(): Promise<string> {
    const { text, endsAtMs } = await fetchToken();
    kept = { text, renewAtMs: endsAtMs - Math.min(marginMs, (endsAtMs - now()) / 2) };
    return text;
  }

  /** Forgets a token that is no longer taken, unless another has replaced it already. */
  function drop(text: string): void {
    if (kept?.text === text) kept = null;
  }

  return { get, drop };
}
