// Requests from the bytes up, at the webhook's own handler: no header, body, encoding or path does harm.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebhookRequest } from '../../lib/event.ts';
import { type Door, expectHarmless, isAccepted, type Knocked, openDoor, toKnock } from '../support/door.ts';
import { atMs, firstMirrored, listWays, send, user } from '../support/sent.ts';
import { hostileNames, hostileValue } from './json.ts';
import { type RawKeys, startRawKeys } from './keys.ts';

let keys: RawKeys;
let door: Door;

beforeAll(async () => {
  [keys, door] = await Promise.all([startRawKeys(), openDoor()]);
});
afterAll(() => Promise.all([keys.close(), door.close()]));

const runs = Number(process.env.HOSTILE_RUNS ?? 40);
const ada = { ...user, email: 'canary@example.com', firstName: 'Canary', lastName: 'Canary' };

/** What is done to a request after it was signed: the event of it, and the bytes that its body has then. */
type Change = (knocked: Knocked, request: WebhookRequest) => Knocked;

const aText = fc.oneof(
  ...[fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 60 }), hostileValue()],
  fc.constantFrom(
    ...[
      '',
      ' ',
      ',',
      ', ,',
      '\u0000',
      '\r\nset-cookie: canary=1',
      'Bearer ',
      'Basic Og==',
      '\ud800',
      '\ufeff',
    ],
    ...[
      't=1,v1=00',
      'v1,A '.repeat(1_900),
      `t=1${`,v1=${'0'.repeat(64)}`.repeat(1_900)}`,
      'v1,',
      'v1,AAAA v1,AAAA',
      'v1a,AAAA',
      'sha256=00',
      '=',
      '0'.repeat(100_000),
      '..',
      'a.b.c',
    ],
    ...['eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.', 'eyJhbGciOiJub25lIn0..', 'NaN', '1e309', '-0', '０'],
  ),
);

const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.oneof(aText, hostileValue()).map((text) => Buffer.from(text)),
  fc.constantFrom(
    ...[Buffer.alloc(0), Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), Buffer.from('{}', 'utf16le')],
    ...[Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(1_048_576, '['), Buffer.alloc(1_048_577, ' ')],
    ...[Buffer.alloc(1_048_576, '.'), Buffer.from(`{"token":"${'\\\\'.repeat(500_000)}`)],
  ),
);

const changes: fc.Arbitrary<Change> = fc.oneof(
  // A header of the signature, or any other, says something else, or is not there.
  fc.tuple(fc.nat(), fc.option(aText)).map(
    ([place, value]): Change =>
      (knocked) => {
        const names = Object.keys(knocked.headers ?? {});
        const name = names[place % Math.max(1, names.length)] ?? 'authorization';
        const { [name]: _, ...headers } = knocked.headers ?? {};
        return { ...knocked, headers: value === null ? headers : { ...headers, [name]: value } };
      },
  ),
  fc
    .tuple(
      fc.constantFrom('authorization', 'content-type', 'cookie', 'x-http-method-override', ...hostileNames),
      aText,
    )
    .map(
      ([name, value]): Change =>
        (knocked) => ({
          ...knocked,
          headers: Object.fromEntries([...Object.entries(knocked.headers ?? {}), [name, value]]),
        }),
    ),
  // A header twice, as a gateway joins it, and as one does that does not.
  fc.nat().map(
    (place): Change =>
      (knocked) => {
        const [name, value] = Object.entries(knocked.headers ?? {})[place % 3] ?? ['authorization', 'canary'];
        const twice = { [name]: `${value},${value}`, [name.toUpperCase()]: 'canary' };
        return { ...knocked, headers: { ...knocked.headers, ...twice } };
      },
  ),
  bodies.map(
    (body): Change =>
      (knocked) => ({ ...knocked, body: body.toString('base64'), isBase64Encoded: true }),
  ),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(
    ([place, flip]): Change =>
      (knocked, { body }) => {
        const changed = Buffer.from(body);
        if (changed.length > 0)
          changed[place % changed.length] = (changed[place % changed.length] ?? 0) ^ flip;
        return { ...knocked, body: changed.toString('base64'), isBase64Encoded: true };
      },
  ),
  fc.nat().map(
    (place): Change =>
      (knocked, { body }) => ({
        ...knocked,
        body: Buffer.from(body.subarray(0, place % (body.length + 1))).toString('base64'),
      }),
  ),
  // The flag says other than is so, or what is called base64 is none.
  fc.constant<Change>((knocked) => ({ ...knocked, isBase64Encoded: !knocked.isBase64Encoded })),
  aText.map(
    (body): Change =>
      (knocked) => ({ ...knocked, body, isBase64Encoded: true }),
  ),
  fc.constant<Change>(({ body: _, ...knocked }) => knocked),
  fc
    .constantFrom('', 'a=1', '%', '%00', '__proto__=1', '&&&', '=', `a=${'x'.repeat(50_000)}`, 'a=%ff&a=+')
    .map(
      (rawQueryString): Change =>
        (knocked) => ({ ...knocked, rawQueryString }),
    ),
  fc.constantFrom('GET', 'PUT', 'DELETE', 'post', '', 'TRACE', '\u0000').map(
    (method): Change =>
      (knocked) => ({ ...knocked, method }),
  ),
);

describe.each(listWays())('$title', ({ sender, provider, environment }) => {
  test('answers whatever comes with a documented status, and stores nothing that was not signed', async () => {
    const settings = environment(keys);
    const covers = sender.covers ?? (provider.family === 'static credential' ? 'nothing' : 'body');
    const request = await send(sender, firstMirrored(sender).payload(ada, atMs), { keys, settings });
    const knock = door.behind(provider, settings);
    const signed = await knock(toKnock(request));
    expect(isAccepted(signed)).toBe(true);
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 3 }), async (list) => {
        const changed = list.reduce((knocked, change) => change(knocked, request), toKnock(request));
        const outcome = await knock(changed);
        expectHarmless(outcome);
        // Around a token in JSON the body may change; what the token tells may not.
        if (covers === 'body' && outcome.folded.length > 0) expect(outcome.folded).toEqual(signed.folded);
      }),
      { numRuns: runs, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: true },
    );
    expect(await door.strangers()).toEqual([]);
  });
});

describe('an event that a gateway never makes', () => {
  const paths = [
    ...[
      '',
      '/',
      '//',
      '..',
      '../generic',
      '/webhooks/',
      '/webhooks/../generic',
      '/webhooks/generic/',
      'GENERIC',
    ],
    ...[
      'generic%00',
      'generic\u0000',
      'generic ',
      '__proto__',
      'constructor',
      'toString',
      'ｇeneric',
      'x'.repeat(10_000),
    ],
  ];

  test.each(paths)('with the path %j finds no provider', async (path) => {
    const { status, folded } = await at({ pathParameters: { provider: path } });
    expect({ status, folded }).toEqual({ status: 404, folded: [] });
    const { status: byRaw } = await at({ pathParameters: undefined, rawPath: path });
    expect(byRaw).toBe(404);
  });

  const missing = [
    'headers',
    'requestContext',
    'body',
    'rawQueryString',
    'isBase64Encoded',
    'version',
  ] as const;

  test.each(missing)('without %s is refused, and nothing is thrown', async (name) => {
    const { status, folded } = await at({ [name]: undefined });
    expect([400, 401]).toContain(status);
    expect(folded).toEqual([]);
  });

  test('that is empty finds no provider', async () => {
    const everything = [...missing, 'pathParameters', 'rawPath', 'routeKey'] as const;
    expect(await at(Object.fromEntries(everything.map((name) => [name, undefined])))).toMatchObject({
      status: 404,
    });
  });

  async function at(changed: Readonly<Record<string, unknown>>) {
    const [way] = listWays().filter(({ sender }) => sender.name === 'generic');
    if (!way) throw new Error('there is no generic provider');
    const outcome = await door.behind(
      way.provider,
      way.environment(keys),
    )({
      event: changed,
    });
    expectHarmless(outcome);
    return outcome;
  }
});
