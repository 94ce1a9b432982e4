import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../lib/errors.ts';
import { frontegg } from '../../../lib/providers/frontegg/frontegg.ts';
import { signHs256, toBody } from '../../../local/providers/signing.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const iat = nowMs / 1000 - 2;
const next = 'next'.padEnd(32, '.');
const current = 'current'.padEnd(32, '.');
const accepted = { FRONTEGG_SECRETS: `${next} ${current}`, FRONTEGG_ACCEPT_UNSIGNED_BODY: 'true' };
const read = connect(frontegg, accepted);

const deletion = {
  eventKey: 'frontegg.user.deleted',
  user: { id: 'u_1', createdAt: '2021-05-02T11:25:22.000Z' },
  eventContext: { userId: 'u_admin' },
};
const deleted = {
  id: null,
  kind: 'frontegg.user.deleted',
  reference: 'u_1',
  at: iat * 1000,
  told: { deleted: true },
};

function send(payload: object, claims: object = { iat }, secret = current) {
  return read({ headers: { 'x-webhook-secret': signHs256(claims, secret) }, body: toBody(payload) }, nowMs);
}

describe('Frontegg', () => {
  test.each([{}, { FRONTEGG_ACCEPT_UNSIGNED_BODY: 'false' }])(
    'can not be set up with %j, for its body is not signed, and says so',
    (environment) => {
      const start = () => connect(frontegg, { FRONTEGG_SECRETS: current, ...environment });
      expect(start).toThrow(ConfigError);
      expect(start).toThrow(
        /FRONTEGG_ACCEPT_UNSIGNED_BODY must be true, for Frontegg does not sign the body/,
      );
    },
  );

  test('can not be set up with a secret that is shorter than the hash, whatever else may be short', () => {
    const short = { ...accepted, FRONTEGG_SECRETS: 'x'.repeat(31), ALLOW_SHORT_SECRETS: 'true' };
    expect(() => connect(frontegg, short)).toThrow(/FRONTEGG_SECRETS must be texts of 32 bytes or more/);
  });

  test('is read by either of two secrets, at the time of its token, and of the user and not of who acted', async () => {
    expect(await send(deletion)).toEqual([deleted]);
    expect(await send(deletion, { iat }, next)).toEqual([deleted]);
    await expect(send(deletion, { iat }, 'guessed')).rejects.toMatchObject({ code: 'signature_mismatch' });
  });

  test.each([
    ['no time', {}, 'claim_missing'],
    ['a time that is none', { iat: 'now' }, 'timestamp_malformed'],
    ['a time 6 minutes ago', { iat: iat - 360 }, 'too_old'],
    ['a time in 6 minutes', { iat: iat + 362 }, 'from_the_future'],
    ['an end that is past', { iat, exp: iat - 301 }, 'too_old'],
  ])('is refused with a token of %s', async (_which, claims, code) => {
    await expect(send(deletion, claims)).rejects.toMatchObject({ code });
  });

  test('is refused with the secret itself for a token', async () => {
    const request = { headers: { 'x-webhook-secret': current }, body: toBody(deletion) };
    await expect(read(request, nowMs)).rejects.toMatchObject({ code: 'signature_malformed' });
  });

  test('says only what it knows of a user', async () => {
    const user = { id: 'u_1', email: 'ada@example.com', verified: null, phoneNumber: null, name: 'Ada King' };
    const [event] = await send({ eventKey: 'frontegg.user.updated', user });
    expect(event?.told).toEqual({ email: 'ada@example.com', phone: null });
  });

  test('leaves alone what happened to a tenant, whoever did it', async () => {
    const event = { ...deletion, eventKey: 'frontegg.tenant.deleted' };
    expect(await send(event)).toMatchObject([{ reference: null, told: null }]);
  });
});
