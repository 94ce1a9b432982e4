import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../lib/errors.ts';
import { descope } from '../../../lib/providers/descope/descope.ts';
import { signHmac } from '../../../local/providers/signing.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const occurred = nowMs - 1_000;
const deletion = { action: 'UserDeleted', occurred, userId: 'U1', actorId: 'K1' };
const deleted = { id: null, kind: 'UserDeleted', reference: 'U1', at: occurred, told: { deleted: true } };

const sign = (payload: object, secret = 'current') =>
  signHmac(payload, secret, 'x-descope-webhook-s256', 'base64');

function present(payload: object, authorization: string, secret = 'current') {
  const { headers, body } = sign(payload, secret);
  return { headers: { ...headers, authorization }, body };
}

describe('Descope', () => {
  test('is read by the HMAC alone, or by the credential alone', async () => {
    const byHmac = connect(descope, { DESCOPE_SECRETS: 'next current' });
    expect(await byHmac(sign([deletion]), nowMs)).toEqual([deleted]);
    await expect(byHmac(sign([deletion], 'guessed'), nowMs)).rejects.toMatchObject({
      code: 'signature_mismatch',
    });
    const byCredential = connect(descope, { DESCOPE_CREDENTIALS: 'Bearer next, Bearer current' });
    expect(await byCredential(present([deletion], 'Bearer current', 'any'), nowMs)).toEqual([deleted]);
    await expect(byCredential(present([deletion], 'Bearer guessed'), nowMs)).rejects.toMatchObject({
      code: 'credential_mismatch',
    });
  });

  test('must have both where both are set', async () => {
    const read = connect(descope, { DESCOPE_SECRETS: 'current', DESCOPE_CREDENTIALS: 'Bearer current' });
    expect(await read(present([deletion], 'Bearer current'), nowMs)).toEqual([deleted]);
    await expect(read(present([deletion], 'Bearer guessed'), nowMs)).rejects.toMatchObject({
      code: 'credential_mismatch',
    });
    await expect(read(present([deletion], 'Bearer current', 'guessed'), nowMs)).rejects.toMatchObject({
      code: 'signature_mismatch',
    });
  });

  test('can not be set up with neither', () => {
    expect(() => connect(descope, {})).toThrow(ConfigError);
  });

  describe('sends events', () => {
    const read = connect(descope, { DESCOPE_SECRETS: 'current' });

    test('in a list, or one alone', async () => {
      const login = { action: 'LoginSucceed', occurred, userId: null };
      const ignored = { id: null, kind: 'LoginSucceed', reference: null, at: occurred, told: null };
      expect(await read(sign([login, deletion]), nowMs)).toEqual([ignored, deleted]);
      expect(await read(sign(deletion), nowMs)).toEqual([deleted]);
    });

    test.each(['UserCreated', 'UserModified'])('of the kind %s without the profile', async (action) => {
      expect(await read(sign([{ ...deletion, action }]), nowMs)).toEqual([
        { id: null, kind: action, reference: 'U1', at: occurred, told: {}, isPartial: true },
      ]);
    });

    test('of several users at once without saying of whom', async () => {
      const [event] = await read(sign([{ ...deletion, action: 'UsersDeleted' }]), nowMs);
      expect(event).toMatchObject({ reference: null, told: null });
    });

    test.each([
      ['of nobody', { ...deletion, userId: undefined }],
      ['at no time', { ...deletion, occurred: 'yesterday' }],
    ])('%s, which keep none of the others from us', async (_what, unreadable) => {
      expect(await read(sign([unreadable, deletion]), nowMs)).toMatchObject([
        { told: null, rejected: 'payload_invalid' },
        deleted,
      ]);
      await expect(read(sign([unreadable]), nowMs)).rejects.toMatchObject({ code: 'payload_invalid' });
    });

    test.each([
      ['in another envelope', { events: [deletion] }],
      ['without any', []],
      ['by the thousand', Array.from({ length: 1_000 }, () => deletion)],
    ])('that are refused, all of them, when sent %s', async (_how, payload) => {
      await expect(read(sign(payload), nowMs)).rejects.toMatchObject({ code: 'payload_invalid' });
    });
  });
});
