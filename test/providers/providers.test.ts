import { createHmac, createPublicKey } from 'node:crypto';
import type { JWK } from 'jose';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError, type RejectionCode } from '../../lib/errors.ts';
import type { WebhookRequest } from '../../lib/event.ts';
import type { EventLine } from '../../lib/observability/log-line.ts';
import type { Provider, SignatureFamily } from '../../lib/providers/provider.ts';
import { providers } from '../../lib/providers/registry.ts';
import { type SigningKeys, startSigningKeys } from '../../local/providers/keys.ts';
import { senders } from '../../local/providers/registry.ts';
import type { Sender, SenderEnvironment } from '../../local/providers/sender.ts';
import { type Door, openDoor, toKnock } from '../support/door.ts';
import { changeLetter, toUnsigned, unsign, userClaims } from '../support/forged.ts';
import { atMs, connect, firstMirrored, listMirrored, listWays, nowMs, send, user } from '../support/sent.ts';

type Settings = Readonly<Record<string, string>>;
type Sign = SigningKeys['sign'];

/** A request, and the settings of who receives it. */
type Sent = { readonly request: WebhookRequest; readonly settings: Settings };

let keys: SigningKeys;
let strangersKeys: SigningKeys;
let door: Door;

beforeAll(async () => {
  [keys, strangersKeys, door] = await Promise.all([startSigningKeys(), startSigningKeys(), openDoor()]);
});
afterAll(() => Promise.all([keys.close(), strangersKeys.close(), door.close()]));

// The bounds of senders that name none.
const usualAgesMs: Partial<Record<SignatureFamily, number>> = {
  'Standard Webhooks': 300_000,
  'JWS body or Standard Webhooks': 300_000,
  'timestamped HMAC': 300_000,
};
const skewMs = 300_000;
const yearMs = 365 * 86_400_000;

const badSignature: readonly RejectionCode[] = ['signature_mismatch', 'credential_mismatch', 'key_unknown'];
const changedBody: readonly RejectionCode[] = ['signature_mismatch', 'body_hash_mismatch'];
const notSigned: readonly RejectionCode[] = ['signature_missing', 'signature_malformed'];
const badShape: readonly RejectionCode[] = ['payload_invalid', 'claim_missing', 'timestamp_malformed'];
const noUser: readonly RejectionCode[] = ['payload_invalid', 'subject_unsupported'];
// The answer to the sender is 400 where the body is wrong, and 401 where the signature is.
const malformed: readonly RejectionCode[] = [
  'body_malformed',
  'payload_invalid',
  'subject_unsupported',
  'email_missing',
];

test('every provider has a sender, and a name and settings of its own', () => {
  const names = providers.map(({ name }) => name);
  const settings = providers.flatMap((provider) => Object.keys(provider.settings));
  expect(
    senders.map(({ name }) => name),
    'both registries in one order',
  ).toEqual(names);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(settings).size).toBe(settings.length);
});

describe.each(listWays())('$title', ({ sender, provider, environment: toSettings }) => {
  const { secrets, ofKeys, isEncrypted } = sortSettings(toSettings);
  const covers = sender.covers ?? (provider.family === 'static credential' ? 'nothing' : 'body');
  const maxAgeMs =
    toMaxAgeMs(sender, settingsAt('https://a.example', toSettings)) ?? usualAgesMs[provider.family];
  const example = firstMirrored(sender);

  const read = async ({ request, settings }: Sent) => connect(provider, settings)(request, nowMs);

  /** The webhook refuses it: nothing is stored, the log has the reason, and the answer has neither that nor the user. */
  async function expectRefused({ request, settings }: Sent, ...codes: readonly RejectionCode[]) {
    const knock = door.behind(provider, settings);
    for (const encoding of ['base64', 'utf8'] as const) {
      const { status, body, folded, lines } = await knock(toKnock(request, encoding));
      expect(lines).toMatchObject([{ provider: provider.name, outcome: 'rejected', reference: null }]);
      const [{ code }] = lines as [EventLine & { code: RejectionCode }];
      expect(codes).toContain(code);
      expect(status).toBe(statusOf(code, provider.answers));
      expect(body).not.toContain(code);
      expect(`${body}${JSON.stringify(lines)}`).not.toMatch(/ada|lovelace|example\.com/i);
      expect(folded).toEqual([]);
    }
  }

  /** A request with the settings by which it is taken, unless something is wrong with it. */
  async function sent(payload = example.payload(user, atMs), signingKeys = keys): Promise<Sent> {
    const settings = toSettings(keys);
    return { settings, request: await send(sender, payload, { keys: signingKeys, settings }) };
  }

  /** Why a request of another shape is refused: a credential that stands in the body is not in such a one. */
  function shapeCodes(
    { request, settings }: Sent,
    codes: readonly RejectionCode[],
  ): readonly RejectionCode[] {
    const headers = JSON.stringify(request.headers);
    const isInHeader = Object.values(settings).some((secret) => headers.includes(secret));
    return provider.family === 'static credential' && !isInHeader ? ['signature_missing'] : codes;
  }

  /** One that happened, and was signed, at that time. */
  async function sentAt(signedAtMs: number): Promise<Sent> {
    const settings = toSettings(keys);
    const payload = example.payload(user, signedAtMs);
    return { settings, request: await send(sender, payload, { keys, settings, signedAtMs }) };
  }

  describe('takes', () => {
    test.each(Object.entries(sender.examples))('%s for what it is', async (_name, { payload, wanted }) => {
      const events = await read(await sent(payload(user, atMs)));
      expect(events.map(({ id: _id, ...event }) => event)).toEqual(wanted(user, atMs));
      const isId = sender.givesNoIds ? null : expect.stringMatching(/./);
      for (const { id } of events) expect(id, 'no id: see givesNoIds').toEqual(isId);
    });

    test('every kind that it mirrors, by an example', () => {
      const wanted = listMirrored(sender).flatMap(([, example]) => example.wanted(user, atMs));
      const kinds = wanted.filter(({ told }) => told).map(({ kind }) => kind.toLowerCase());
      expect(new Set(kinds)).toEqual(new Set(provider.mirrored.map(({ kind }) => kind.toLowerCase())));
    });

    test.each([
      ['capitals', (name: string) => name.toUpperCase()],
      ['small letters', (name: string) => name.toLowerCase()],
    ])('headers whose names are in %s', async (_case, write) => {
      const { request, settings } = await sent();
      const names = Object.entries(request.headers).map(([name, value]) => [write(name), value]);
      const knocked = toKnock({ ...request, headers: Object.fromEntries(names) });
      const { status } = await door.behind(provider, settings)(knocked);
      expect(status).toBe(provider.answers === 'set' ? 202 : 200);
    });

    if (secrets.length > 0)
      test('the old secret and the new one, until the old one is removed', async () => {
        const [before, after] = [toSettings(keys), toSettings(keys)];
        const join = (name: string) => {
          const separator = /\bcommas\b/.test(describeSetting(provider.settings[name])) ? ', ' : ' ';
          return [name, `${after[name]}${separator}${before[name]}`] as const;
        };
        const both = { ...before, ...Object.fromEntries(secrets.map(join)) };
        const payload = example.payload(user, atMs);
        const byOld = await send(sender, payload, { keys, settings: before });
        const byNew = await send(sender, payload, { keys, settings: after });
        const [ofOld, ofNew] = [
          { request: byOld, settings: before },
          { request: byNew, settings: after },
        ];
        expect(await read({ ...ofOld, settings: both })).toEqual(await read(ofOld));
        expect(await read({ ...ofNew, settings: both })).toEqual(await read(ofNew));
        await expectRefused({ ...ofOld, settings: after }, ...badSignature);
      });

    test('what is as old as may be, or as new', async () => {
      for (const signedAtMs of [nowMs - (maxAgeMs ?? yearMs) + 1_000, nowMs + skewMs - 1_000]) {
        const wanted = example.wanted(user, signedAtMs);
        expect(await read(await sentAt(signedAtMs))).toHaveLength(wanted.length);
      }
    });
  });

  describe('refuses', () => {
    test('what is not signed', async () => {
      const { request, settings } = await sent();
      const headers = { 'content-type': request.headers['content-type'] };
      const body = Buffer.from(JSON.stringify(example.payload(user, atMs)));
      // Where a token is a member of the body, what has none is of another shape.
      const codes: readonly RejectionCode[] =
        provider.family === 'JWS in JSON' ? [...notSigned, 'payload_invalid'] : notSigned;
      await expectRefused({ request: { ...request, headers, body }, settings }, ...codes);
    });

    test('a header of its signature that is missing, or there twice', async () => {
      const { request, settings } = await sent();
      const under = (headers: WebhookRequest['headers']) => ({ request: { ...request, headers }, settings });
      const isTaken = async (headers: WebhookRequest['headers']) =>
        read(under(headers)).then(
          () => true,
          () => false,
        );
      // What is signed within its body needs none.
      if (await isTaken({})) return;
      const names = Object.keys(request.headers).filter((name) => name !== 'content-type');
      const needed = [];
      for (const name of names)
        if (!(await isTaken({ ...request.headers, [name]: undefined }))) needed.push(name);
      expect(needed).not.toEqual([]);
      for (const name of needed) {
        const { [name]: value, ...others } = request.headers;
        await expectRefused(under(others), 'signature_missing');
        // An HTTP API joins repeated headers like this.
        await expectRefused(under({ ...others, [name]: `${value},${value}` }), 'header_duplicated');
        await expectRefused(under({ ...request.headers, [name.toUpperCase()]: value }), 'header_duplicated');
      }
    });

    test('what a stranger signed, with all but our secrets and keys', async () => {
      const [settings, drawn] = [toSettings(keys), toSettings(keys)];
      const strangers = {
        ...settings,
        ...Object.fromEntries(secrets.map((name) => [name, drawn[name] ?? ''])),
      };
      const payload = example.payload(user, atMs);
      const request = await send(sender, payload, { keys: strangersKeys, settings: strangers });
      await expectRefused({ request, settings }, ...badSignature);
    });

    if (secrets.length > 0 && !isEncrypted)
      test('what was signed with an empty secret', async () => {
        const settings = toSettings(keys);
        const emptied = { ...settings, ...Object.fromEntries(secrets.map((name) => [name, ''])) };
        const request = await send(sender, example.payload(user, atMs), { keys, settings: emptied });
        await expectRefused({ request, settings }, ...badSignature, ...notSigned);
      });

    if (covers === 'body')
      test('a body that was changed on its way, in any part of it', async () => {
        const { request, settings } = await sent();
        for (const part of [0.25, 0.5, 0.75]) {
          const body = changeLetter(request.body, part);
          await expectRefused({ request: { ...request, body }, settings }, ...changedBody);
        }
      });

    // The documents say so: anybody who has the credential can send anything.
    if (covers === 'nothing')
      test('no other body under the same credential', async () => {
        const { request, settings } = await sent();
        const other = { ...user, id: '9f4a3b5e-0000-4000-8000-000000000002' };
        const { body } = await send(sender, example.payload(other, atMs), { keys, settings });
        const [event] = await read({ request: { ...request, body }, settings });
        expect(event?.reference).toBe(example.wanted(other, atMs)[0]?.reference);
      });

    // One secret of several may do, and what is known to all has a default.
    const needed = [...secrets, ...ofKeys].filter((name) => !sender.defaulted?.includes(name));
    if (needed.length > 0)
      test(`to start with nothing in ${needed.join(' and ')}`, () => {
        for (const empty of ['', ' \n']) {
          const emptied = Object.fromEntries(needed.map((name) => [name, empty]));
          expect(() => connect(provider, { ...toSettings(keys), ...emptied })).toThrow(ConfigError);
        }
      });

    if (maxAgeMs !== undefined)
      test('what is too old, or comes from the future', async () => {
        await expectRefused(await sentAt(nowMs - (maxAgeMs ?? 0) - 1_000), 'too_old');
        await expectRefused(await sentAt(nowMs + skewMs + 1_000), 'from_the_future');
      });

    test('what is signed and not JSON', async () => {
      const text = Buffer.from('{"type": "user');
      const broken = await sent(text);
      // Where the body is a token, that is of other claims, but JSON in any case.
      const isBody = Buffer.compare(broken.request.body, text) === 0;
      await expectRefused(broken, ...shapeCodes(broken, isBody ? ['body_malformed'] : badShape));
    });

    test.each([{}, { data: null }, { user: [] }])('the payload %j', async (payload) => {
      const request = await sent(payload);
      await expectRefused(request, ...shapeCodes(request, badShape));
    });

    test('an empty list, or finds nothing in it', async () => {
      const empty = await sent([]);
      const events = await read(empty).catch(() => null);
      if (events) expect(events).toEqual([]);
      else await expectRefused(empty, ...shapeCodes(empty, badShape));
    });

    test('a body over 1 MiB, however it is signed', async () => {
      const large = { ...example.payload(user, atMs), padding: 'x'.repeat(1_048_576) };
      await expectRefused(await sent(large), 'body_too_large');
    });

    test.each(listMirrored(sender))('%s without the id of its user', async (_name, example) => {
      const text = JSON.stringify(example.payload(user, atMs)).replaceAll(user.id, '');
      await expectRefused(await sent(JSON.parse(text)), ...noUser);
    });

    if (ofKeys.length === 0 && provider.family.startsWith('JWS header'))
      test('a token of the algorithm none, where a secret signs', async () => {
        const { request, settings } = await sent();
        await expectRefused({ request: unsign(request), settings }, 'algorithm_refused');
      });
  });

  if (ofKeys.length > 0)
    describe('refuses a token', () => {
      /** An event that is right but for its token. */
      const forged = (forge: (sign: Sign) => Sign) => sent(undefined, { ...keys, sign: forge(keys.sign) });

      test('of the algorithm none', async () => {
        const unsigned = forged(() => async (claims, header) => `${toUnsigned(claims, header)}.`);
        await expectRefused(await unsigned, 'algorithm_refused');
      });

      test('signed with the public key for a secret', async () => {
        const { keys: published } = (await (await fetch(keys.jwksUrl)).json()) as {
          keys: [JWK & { kid: string }];
        };
        const secret = createPublicKey({ key: published[0], format: 'jwk' }).export({
          type: 'spki',
          format: 'pem',
        });
        const confused = forged(() => async (claims, header) => {
          const signed = toUnsigned(claims, { kid: published[0].kid, ...header, alg: 'HS256' });
          return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
        });
        await expectRefused(await confused, 'algorithm_refused');
      });

      test('of a user, signed with the same key', async () => {
        const stolen = forged(
          (sign) =>
            ({ iss = keys.url, aud }) =>
              sign(userClaims(iss, aud), { typ: 'JWT' }),
        );
        await expectRefused(await stolen, 'user_token', 'claim_missing', 'type_mismatch');
      });

      test.each([
        ['iss', 'issuer_mismatch'],
        ['aud', 'audience_mismatch'],
      ] as const)('of another %s, unless it never names one', async (name, code) => {
        let names: readonly string[] = [];
        const strange = await forged((sign) => (claims, header) => {
          names = Object.keys(claims);
          return sign({ ...claims, [name]: 'https://mallory.example' }, header);
        });
        if (names.includes(name)) await expectRefused(strange, code);
        else expect(await read(strange)).not.toEqual([]);
      });
    });
});

/** Its settings by their role: those with a new value each time, and those that follow the keys. */
function sortSettings(toSettings: SenderEnvironment) {
  const [first, second] = [
    settingsAt('https://a.example', toSettings),
    settingsAt('https://a.example', toSettings),
  ];
  const other = settingsAt('https://b.example', toSettings);
  const names = Object.keys(first);
  const secrets = names.filter((name) => first[name] !== second[name]);
  return {
    secrets,
    ofKeys: names.filter((name) => first[name] !== other[name] && !secrets.includes(name)),
    isEncrypted: secrets.some((name) => first[name]?.includes('PRIVATE KEY')),
  };
}

/** As RFC 8935 has it for security event tokens. */
function statusOf(code: RejectionCode, answers: Provider['answers']): number {
  if (code === 'body_too_large') return 413;
  return answers === 'set' || malformed.includes(code) ? 400 : 401;
}

/** The settings with keys at that address. */
function settingsAt(url: string, toSettings: SenderEnvironment): Settings {
  const sign = () => Promise.reject(new Error('nothing is signed here'));
  return toSettings({ url, jwksUrl: `${url}/jwks`, sign, close: async () => {} });
}

function toMaxAgeMs({ maxAgeMs }: Sender, settings: Settings): number | undefined {
  return typeof maxAgeMs === 'function' ? maxAgeMs(settings) : maxAgeMs;
}

function describeSetting(schema: v.GenericSchema | undefined): string {
  return (schema && v.getDescription(schema)) ?? '';
}
