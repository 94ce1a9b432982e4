import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { kratos } from '../../../lib/providers/kratos/kratos.ts';
import { kratos as sender } from '../../../local/providers/kratos/kratos.ts';
import { repeatCredential } from '../../../local/providers/signing.ts';
import { examplePayload } from '../../support/sent.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const credential = 'Bearer the-credential-of-the-hooks';
const read = connect(kratos, { KRATOS_CREDENTIALS: credential });
const ago = (seconds: number) => new Date(nowMs - seconds * 1000).toISOString();

const id = '9f4a3b5e-0000-4000-8000-000000000001';
const known = { id, state: 'active', updated_at: ago(60), traits: { email: 'Ada@Example.com' } };
const address = { via: 'email', value: 'ada@example.com', verified: true };

function send(identity: object | null, flow = 'settings', issued_at: string | null = ago(90)) {
  return read(repeatCredential({ flow, issued_at, identity }, credential, 'Authorization'), nowMs);
}

describe('Ory Kratos', () => {
  test.each([
    ['updated_at', known, 60],
    [
      'verified_at, where that is later',
      { ...known, verifiable_addresses: [{ ...address, verified_at: ago(5) }] },
      5,
    ],
    ['issued_at, where neither is later', { ...known, updated_at: ago(86_400) }, 90],
    ['issued_at, where there is no other', { ...known, updated_at: null }, 90],
  ])("orders events by the identity's %s", async (_which, identity, seconds) => {
    expect(await send(identity)).toMatchObject([{ reference: id, at: nowMs - seconds * 1000 }]);
  });

  test('is refused without any time', async () => {
    const sending = send({ ...known, updated_at: '0001-01-01T00:00:00Z' }, 'settings', null);
    await expect(sending).rejects.toMatchObject({ code: 'payload_invalid' });
  });

  test('names the event by its trigger, which is the same for all attempts', async () => {
    const request = repeatCredential({ flow: 'login', identity: known }, credential, 'Authorization');
    const headers = { ...request.headers, 'Ory-Webhook-Trigger-ID': 't_1' };
    expect(await read({ ...request, headers }, nowMs)).toMatchObject([{ id: 't_1' }]);
    expect(await read(request, nowMs)).toMatchObject([{ id: null }]);
  });

  test.each([
    ['of the address that is the e-mail trait, in any case of letters', [address], true],
    ['of none but that', [{ ...address, value: 'old@example.com' }], undefined],
    ['of no phone number', [{ ...address, via: 'sms' }], undefined],
    ['that it is not yet', [{ ...address, verified: false }], false],
  ])('says whether the e-mail address is verified: %s', async (_of, addresses, emailVerified) => {
    const [event] = await send({ ...known, verifiable_addresses: addresses });
    expect(event?.told?.email).toBe('Ada@Example.com');
    expect(event?.told?.emailVerified).toBe(emailVerified);
  });

  const email = known.traits.email;

  test.each<[string, object, object, string[]]>([
    [
      'a yes or no as text',
      { verifiable_addresses: [{ ...address, verified: 'true' }] },
      { email, disabled: false, emailVerified: true },
      [],
    ],
    ['a state that is a number', { state: 7 }, { email }, ['state']],
    [
      'addresses that are none',
      { verifiable_addresses: 'hush' },
      { email, disabled: false },
      ['verifiable_addresses'],
    ],
    [
      'an address that is none',
      { verifiable_addresses: [7] },
      { email, disabled: false },
      ['verifiable_addresses'],
    ],
    [
      'an address that no database holds',
      { verifiable_addresses: [{ ...address, value: 'ada\0@example.com' }] },
      { email, disabled: false },
      ['verifiable_addresses.value'],
    ],
    ['traits that are none', { traits: 'hush' }, { disabled: false }, ['traits']],
    [
      'a name in a list',
      { traits: { email, first_name: ['hush'] } },
      { email, disabled: false },
      ['traits.first_name'],
    ],
  ])('tells the rest of an identity with %s', async (_what, changes, told, unread) => {
    const [event] = await send({ ...known, ...changes });
    expect(event).toMatchObject({ reference: id, at: nowMs - 60_000 });
    expect(event?.told).toEqual(told);
    expect(event?.unread ?? []).toEqual(unread.map((name) => `identity.${name}`));
  });

  test('takes no two addresses for one whose letters only a wider folding makes the same', async () => {
    const addresses = [{ ...address, value: 'i\u0307da@example.com' }];
    const identity = { ...known, traits: { email: '\u0130da@example.com' }, verifiable_addresses: addresses };
    expect((await send(identity))[0]?.told).not.toHaveProperty('emailVerified');
  });

  test.each([
    ['the only one', [{ ...address, verified: false }], true],
    [
      'one of several',
      [
        { ...address, verified: false },
        { via: 'sms', value: '+441234567890' },
      ],
      false,
    ],
    ['not the e-mail trait', [{ ...address, value: 'old@example.com', verified: false }], undefined],
  ])(
    'takes an address that was just verified for verified, where it is %s',
    async (_which, addresses, verified) => {
      const [event] = await send({ ...known, verifiable_addresses: addresses }, 'verification');
      expect(event?.told?.emailVerified).toBe(verified);
    },
  );

  test('takes the only verifiable address where the template has no e-mail trait, and never one of several', async () => {
    const several = [address, { ...address, value: 'king@example.com' }];
    expect(await send({ ...known, traits: {}, verifiable_addresses: [address] })).toMatchObject([
      { told: { email: 'ada@example.com', emailVerified: true } },
    ]);
    const [event] = await send({ ...known, traits: {}, verifiable_addresses: several });
    expect(event?.told).toEqual({ disabled: false });
  });

  test.each([
    ['active', false],
    ['inactive', true],
    [null, undefined],
  ])('says by the state %j whether the user is disabled', async (state, disabled) => {
    const [event] = await send({ ...known, state });
    expect(event?.told?.disabled).toBe(disabled);
  });

  test.each([
    ['an identity', null],
    ['its id', { ...known, id: '00000000-0000-0000-0000-000000000000' }],
  ])('is left alone before there is %s', async (_what, identity) => {
    expect(await send(identity, 'registration')).toMatchObject([{ reference: null, told: null }]);
  });

  test('has a template that writes every member of the body', () => {
    const template = readFileSync(new URL('../../../docs/kratos.jsonnet', import.meta.url), 'utf8');
    const { identity, ...members } = examplePayload(sender, 'registration');
    const { traits, ...ofIdentity } = identity as { traits: object };
    const names = [members, ofIdentity, traits].flatMap((part) => Object.keys(part));
    expect(names.filter((name) => !template.includes(` ${name}: `))).toEqual([]);
  });
});
