// An auth provider of our `generic` kind on this machine: its keys, its signed events, and their delivery.

import { randomUUID } from 'node:crypto';
import {
  type CompactJWSHeaderParameters,
  CompactSign,
  type CryptoKey,
  exportJWK,
  type GenerateKeyPairResult,
  generateKeyPair,
  type JWK,
} from 'jose';
import { answerJson, readBody, serve } from './server.ts';

export type GenericEvent = {
  readonly id?: string;
  readonly type:
    | 'user.signed_up'
    | 'user.email_verified'
    | 'user.disabled'
    | 'user.enabled'
    | 'user.updated'
    | 'user.deleted';
  /** When it happened: ISO 8601, or milliseconds. */
  readonly time: string | number;
  readonly user: {
    readonly id: string;
    readonly email?: string | null;
    readonly phone?: string | null;
    readonly first_name?: string | null;
    readonly last_name?: string | null;
    readonly locale?: string | null;
    readonly timezone?: string | null;
    readonly avatar_url?: string | null;
    readonly custom_data?: object | null;
    readonly tenant_id?: string | null;
  };
};

/**
 * - `foreign key`: a key of somebody else's, under the id of ours.
 * - `unsigned`: algorithm `none`.
 * - `public key as secret`: HS256, keyed with what anybody can read in the key set.
 * - `altered`: one claim changed after signing.
 */
export type Forgery = 'foreign key' | 'unsigned' | 'public key as secret' | 'altered';

export type SignOptions = {
  readonly forgery?: Forgery;
  /** Put over what would be there. */
  readonly header?: Partial<CompactJWSHeaderParameters>;
  /** Put over what would be there; undefined leaves a claim out. */
  readonly claims?: Readonly<Record<string, unknown>>;
};

export type SendOptions = SignOptions & {
  /** How many times more each event is delivered, byte for byte the same. */
  readonly repeats?: number;
  /** Draws the order of all deliveries (0 to 1, exclusive); without it they go as given. */
  readonly shuffle?: () => number;
};

export type IdentityProviderOptions = {
  readonly audience: string;
  /** By default its own URL. */
  readonly issuer?: string;
  readonly keyId?: string;
  readonly alg?: 'ES256' | 'RS256';
  /** 0, as by default: a free one. */
  readonly port?: number;
  readonly now?: () => number;
  /** Where events go that are posted to /events; asked when one comes. */
  readonly webhookUrl?: () => string;
};

export type RunningIdentityProvider = Awaited<ReturnType<typeof startIdentityProvider>>;

type RotateOptions = { readonly revoke?: boolean; readonly keyId?: string };

type Key = Pick<GenerateKeyPairResult, 'privateKey'> & { readonly jwk: JWK; readonly kid: string };

/** Starts a provider with one key; its key set is at `jwksUrl`. */
export async function startIdentityProvider(options: IdentityProviderOptions) {
  const { audience, port = 0, alg = 'ES256', now = Date.now } = options;
  let current = await createKey(alg, options.keyId ?? randomUUID());
  let published = [current];
  let keyRequests = 0;
  const server = await serve(port, async (request, response) => {
    if (request.url === '/.well-known/jwks.json') {
      keyRequests += 1;
      return answerJson(response, 200, { keys: published.map(({ jwk }) => jwk) });
    }
    if (request.url === '/events' && request.method === 'POST') {
      return answerJson(response, 200, await tell((await readBody(request, 100_000)).toString()));
    }
    answerJson(response, 404, { error: 'not_found' });
  });
  const issuer = options.issuer ?? server.url;

  /** One event as a compact JWS, right in all respects but those in `how`. */
  async function sign(event: GenericEvent, how: SignOptions = {}): Promise<string> {
    const header = { alg, kid: current.kid, typ: 'user-event+jwt', ...how.header };
    const stated = { iss: issuer, aud: audience, iat: Math.floor(now() / 1000), jti: randomUUID() };
    const claims = { ...stated, event, ...how.claims };
    return how.forgery ? forge(how.forgery, header, claims, current) : signWith(current, header, claims);
  }

  /** Delivers events to a webhook one after the other, and returns its answers in that order. */
  async function send(webhookUrl: string, events: readonly GenericEvent[], how: SendOptions = {}) {
    const tokens = await Promise.all(events.map((event) => sign(event, how)));
    const deliveries = tokens.flatMap((token) => Array<string>(1 + (how.repeats ?? 0)).fill(token));
    const responses: Response[] = [];
    for (const body of how.shuffle ? shuffled(deliveries, how.shuffle) : deliveries) {
      const headers = { 'content-type': 'application/jwt' };
      responses.push(await fetch(webhookUrl, { method: 'POST', headers, body }));
    }
    return responses;
  }

  /** An event that a person typed: dated now where it says no time, signed, and sent on to `webhookUrl`. */
  async function tell(text: string): Promise<object> {
    if (!options.webhookUrl) return { error: 'no webhook to send to' };
    try {
      const event: GenericEvent = { id: randomUUID(), time: now(), ...JSON.parse(text) };
      const [answer] = await send(options.webhookUrl(), [event]);
      return { sent: event, status: answer?.status };
    } catch (error) {
      if (error instanceof SyntaxError) return { error: 'not JSON' };
      throw error;
    }
  }

  /** Signs with a new key from now on; the old ones stay published, unless they are revoked. */
  async function rotateKey({ revoke = false, keyId }: RotateOptions = {}): Promise<void> {
    current = await createKey(alg, keyId ?? randomUUID());
    published = revoke ? [current] : [...published, current];
  }

  return {
    url: server.url,
    jwksUrl: `${server.url}/.well-known/jwks.json`,
    issuer,
    audience,
    sign,
    /** A JWT of exactly these claims, for senders of other kinds. */
    signClaims: (claims: object, header: Partial<CompactJWSHeaderParameters> = {}) =>
      signWith(current, { alg, kid: current.kid, ...header }, claims),
    send,
    rotateKey,
    /** How often the key set was fetched. */
    keyRequests: () => keyRequests,
    close: server.close,
  };
}

async function createKey(alg: string, kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

function signWith(
  key: { readonly privateKey: CryptoKey | Uint8Array },
  header: CompactJWSHeaderParameters,
  claims: object,
): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(header).sign(key.privateKey);
}

async function forge(
  forgery: Forgery,
  header: CompactJWSHeaderParameters,
  claims: object,
  key: Key,
): Promise<string> {
  switch (forgery) {
    case 'foreign key':
      return signWith(await createKey(header.alg, key.kid), header, claims);
    case 'public key as secret': {
      const privateKey = Buffer.from(JSON.stringify(key.jwk));
      return signWith({ privateKey }, { ...header, alg: 'HS256' }, claims);
    }
    case 'unsigned':
      return `${base64url({ ...header, alg: 'none' })}.${base64url(claims)}.`;
    case 'altered': {
      const [head, , signature] = (await signWith(key, header, claims)).split('.');
      return [head, base64url({ ...claims, jti: randomUUID() }), signature].join('.');
    }
  }
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

// Each one left is as likely to be the next.
function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}
