// What Ory Kratos sent by docs/kratos.jsonnet, 1.3.1 and a version of July 2026, and what is right for each.

import { describe, expect, test } from 'vitest';
import { kratos } from '../../../lib/providers/kratos/kratos.ts';
import { desired, type Facts, fold, type Told, toFacts } from '../../../lib/user.ts';
import { repeatCredential } from '../../../local/providers/signing.ts';
import { listRecorded, readRecorded } from '../../support/recorded.ts';
import { connect } from '../reader.ts';

type Body = { readonly flow: string; readonly identity: { readonly id: string } };
type Sent = { readonly headers: Readonly<Record<string, string>>; readonly body: Body };

const credential = 'Bearer the-credential-of-the-hooks';
const bea = { email: 'bea.1795647685@example.com', disabled: false };
const zoe = { email: 'Zoe.1795647593@Example.com', emailVerified: true, disabled: false };

const registered = {
  ...bea,
  emailVerified: false,
  firstName: 'Béa',
  lastName: '山田',
};
const recovered = { ...bea, emailVerified: true, firstName: 'N2', lastName: 'x' };

const cases: readonly (readonly [file: string, why: string, at: string, told: Told])[] = [
  ['kratos-raw-registration.json', 'it is as new as the row', '2026-11-25T23:01:25.611Z', registered],
  ['kratos-registration.json', 'as above', '2026-11-25T23:01:25.611Z', registered],
  [
    'kratos-raw-settings.json',
    'the address that Kratos keeps in lower case is the trait that was typed',
    '2026-11-25T23:00:03.360Z',
    { ...zoe, firstName: 'Zoë2', lastName: 'O\'Brien "q"' },
  ],
  [
    'kratos-raw-verification.json',
    'the row is older than the verification',
    '2026-11-25T22:59:58.689Z',
    { ...zoe, firstName: 'Zoë', lastName: 'Łukasiewicz-山田' },
  ],
  [
    'kratos-verification-link.json',
    'by link as by code; a trait that the identity lacks is empty',
    '2026-11-25T23:02:29.601Z',
    {
      email: 'dan.1795647745@example.com',
      emailVerified: true,
      disabled: false,
      firstName: 'Dan',
      lastName: null,
    },
  ],
  [
    'kratos131-verification.json',
    'this 1.3.1 calls the hook once the address counts as verified',
    '2026-11-25T23:06:40.318Z',
    {
      email: 'old.1795647995@example.com',
      emailVerified: true,
      disabled: false,
      firstName: 'Zoë',
      lastName: '山',
    },
  ],
  ['kratos-raw-recovery.json', 'a recovery verifies the address', '2026-11-25T23:01:40.958Z', recovered],
  ['kratos-recovery.json', 'as above', '2026-11-25T23:01:40.958Z', recovered],
  [
    'kratos-raw-login.json',
    'it has what an administrator changed, which had no hook',
    '2026-11-25T23:00:33.850Z',
    {
      email: 'abe.1795647593@example.com',
      emailVerified: true,
      disabled: false,
      firstName: 'Admin',
      lastName: 'Set',
    },
  ],
];

async function read(body: Body, headers = {}) {
  const signed = repeatCredential(body, credential, 'Authorization');
  const request = { ...signed, headers: { ...headers, ...signed.headers } };
  return connect(kratos, { KRATOS_CREDENTIALS: credential })(request, Date.parse('2026-11-26T00:00:00Z'));
}

async function readTwice(file: string) {
  return (await Promise.all(readRecorded<Body[]>('kratos', file).map((body) => read(body)))).flat();
}

describe('Ory Kratos, as recorded', () => {
  test.each(cases)('%s: %s', async (file, _why, at, told) => {
    const content = readRecorded<Sent | Body>('kratos', file);
    const { headers, body } = 'body' in content ? content : { headers: {}, body: content };
    expect(await read(body, headers)).toEqual([
      {
        id: headers['ory-webhook-trigger-id'] ?? null,
        kind: body.flow,
        reference: body.identity.id,
        at: Date.parse(at),
        told,
      },
    ]);
  });

  test('kratos-new-settings-saved-twice.json: the later of two changes in one flow stays, in any order', async () => {
    const events = await readTwice('kratos-new-settings-saved-twice.json');
    for (const order of [events, events.toReversed()]) expect(nameOf(order)).toBe('Ann');
  });

  test('kratos-v1.3.1-settings-saved-twice.json: no time of two changes in one flow moves, so that either stays', async () => {
    const events = await readTwice('kratos-v1.3.1-settings-saved-twice.json');
    expect(events.map(({ at }) => at)).toEqual(Array(2).fill(Date.parse('2026-11-25T23:07:22.861Z')));
    expect(nameOf(events)).toBe(nameOf(events.toReversed()));
  });

  test('every file has its case', () => {
    const others = listRecorded('kratos').filter((file) => file.endsWith('-saved-twice.json'));
    expect(others).toHaveLength(2);
    expect([...cases.map(([file]) => file), ...others].sort()).toEqual([...listRecorded('kratos')].sort());
  });
});

function nameOf(events: Awaited<ReturnType<typeof read>>) {
  const known = events.reduce<Facts>((facts, { told, at }) => fold(facts, toFacts(told ?? {}, at)), {});
  return desired(known).firstName;
}
