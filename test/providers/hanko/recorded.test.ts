// What Hanko of August 2026 sent, and what is right for each. The tokens are signed anew, by keys that are known here.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hanko } from '../../../lib/providers/hanko/hanko.ts';
import { desired, type Facts, fold, type Told, toFacts } from '../../../lib/user.ts';
import { type SigningKeys, startSigningKeys } from '../../../local/providers/keys.ts';
import { listRecorded, readRecorded } from '../../support/recorded.ts';
import { connect } from '../reader.ts';

type Claims = { readonly iat: number } & Readonly<Record<string, unknown>>;
type Raw = { readonly body: { readonly token: string; readonly event: string } };
type Decoded = { readonly claims: Claims; readonly event: string };

const zoe = { email: 'zoe.1795647798@example.com', emailVerified: true };
const abe = { email: 'abe.1795647832@example.com', emailVerified: true };
const names = {
  firstName: 'Zoë',
  lastName: 'Łukasiewicz-山田',
  avatarUrl: 'https://example.com/z.png',
};
const changed = { ...names, firstName: 'Changed', lastName: 'Byadmin' };

const cases: readonly (readonly [file: string, why: string, told: Told])[] = [
  ['hanko-raw-user.create.json', 'what is empty is left out', zoe],
  ['hanko-raw-user.update.email.create.json', 'the primary address counts', { ...zoe, ...names }],
  ['hanko-raw-user.update.email.primary.json', 'the primary address is another', { ...abe, ...names }],
  ['hanko-raw-user.update.email.delete.json', 'the other address is gone', { ...abe, ...names }],
  [
    'hanko-raw-user.login.json',
    'it has what an administrator changed, which had no event',
    { ...abe, ...changed },
  ],
  ['hanko-user.login.json', 'as above', { ...abe, ...changed }],
  [
    'hanko-login-verifies.json',
    'the passcode of a sign-in verifies the address, and there is no other event',
    { email: 'unv.1795647889@example.com', emailVerified: true },
  ],
  ['hanko-raw-user.delete.json', 'it has the whole user, and is a deletion', { deleted: true }],
];

/** Whole seconds do not say which event was last, so a new address that nobody verified must not be opted in. */
const ties: readonly (readonly [file: string, email: string])[] = [
  ['hanko-one-second-unverified.json', 'zz.1795647957@example.com'],
  // Of two addresses in one second either may stay, until the next event; it is opted in under no circumstances.
  ['hanko-one-second.json', 'zz2.1795647889@example.com'],
];

let keys: SigningKeys;
beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

async function read({ event, claims }: Decoded) {
  const settings = { HANKO_JWKS_URL: keys.jwksUrl, HANKO_AUDIENCES: 'localhost' };
  const token = await keys.sign({ ...claims }, { typ: 'JWT' });
  const body = Buffer.from(JSON.stringify({ event, token }));
  return connect(hanko, settings)({ headers: {}, body }, claims.iat * 1000 + 500);
}

function decode(content: Raw | Decoded): Decoded {
  if ('claims' in content) return content;
  const [, payload = ''] = content.body.token.split('.');
  return { event: content.body.event, claims: JSON.parse(Buffer.from(payload, 'base64url').toString()) };
}

describe('Hanko, as recorded', () => {
  test.each(cases)('%s: %s', async (file, _why, told) => {
    const sent = decode(readRecorded('hanko', file));
    const { id: reference } = sent.claims.data as { id: string };
    expect(await read(sent)).toEqual([
      { id: null, kind: sent.event, reference, at: sent.claims.iat * 1000, told },
    ]);
  });

  test.each(ties)(
    '%s: in no order of its events is an address opted in that nobody verified',
    async (file, email) => {
      const events = (await Promise.all(readRecorded<Decoded[]>('hanko', file).map(read))).flat();
      expect(new Set(events.map(({ at }) => at)).size).toBe(1);
      for (const order of permute(events)) {
        const facts = order.reduce<Facts>((known, { told, at }) => fold(known, toFacts(told ?? {}, at)), {});
        expect(desired(facts)).toEqual({ email, isOptedIn: false });
      }
    },
  );

  test('every file has its case', () => {
    expect([...cases, ...ties].map(([file]) => file).sort()).toEqual([...listRecorded('hanko')].sort());
  });
});

function permute<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permute(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}
