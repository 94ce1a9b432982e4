// Vendors' own packages as judges: what they sign passes here, and what our senders sign passes there.

import { decodeWebhook } from '@kinde/webhooks';
import { sign, verify } from '@octokit/webhooks-methods';
import { WorkOS } from '@workos-inc/node';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyHmac } from '../../lib/signatures/hmac.ts';
import { verifyTimestampedHmac } from '../../lib/signatures/timestamped-hmac.ts';
import { clerk } from '../../local/providers/clerk/clerk.ts';
import { generic } from '../../local/providers/generic/generic.ts';
import { type SigningKeys, startSigningKeys } from '../../local/providers/keys.ts';
import { kinde } from '../../local/providers/kinde/kinde.ts';
import { sampleUser } from '../../local/providers/sender.ts';
import { signHmac } from '../../local/providers/signing.ts';
import { stytch } from '../../local/providers/stytch/stytch.ts';
import { supabase } from '../../local/providers/supabase/supabase.ts';
import { workos } from '../../local/providers/workos/workos.ts';

const nowMs = Date.now();
const secret = 'a-secret-that-both-sides-know';
const payload = { event: 'user.created', data: { name: 'Zoë 🦊', nested: { b: 1, a: [1.5, null] } } };

let keys: SigningKeys;

beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

describe('a plain HMAC', () => {
  const check = verifyHmac({
    header: 'x-hub-signature-256',
    secrets: [secret],
    encoding: 'hex',
    prefix: 'sha256=',
  });

  test("of GitHub's package passes here", async () => {
    const body = JSON.stringify(payload);
    const headers = { 'x-hub-signature-256': await sign(secret, body) };
    await expect(check({ headers, body: Buffer.from(body) })).resolves.toBeUndefined();
    await expect(check({ headers, body: Buffer.from(`${body} `) })).rejects.toThrow();
  });

  test("of ours passes GitHub's package", async () => {
    const { headers, body } = signHmac(payload, secret, 'x-hub-signature-256', 'hex', 'sha256=');
    const text = Buffer.from(body).toString();
    expect(await verify(secret, text, headers['x-hub-signature-256'] ?? '')).toBe(true);
    expect(await verify('another', text, headers['x-hub-signature-256'] ?? '')).toBe(false);
  });
});

describe("a timestamped HMAC of WorkOS' package", () => {
  const client = new WorkOS('sk_test', { clientId: 'client_test' });
  const header = 'WorkOS-Signature';

  test('passes here', async () => {
    const check = verifyTimestampedHmac({ header: header.toLowerCase(), secrets: [secret], unit: 'ms' });
    const body = JSON.stringify(payload);
    const signature = await client.webhooks.computeSignature(nowMs, body, secret);
    const headers = { [header.toLowerCase()]: `t=${nowMs}, v1=${signature}` };
    await expect(check({ headers, body: Buffer.from(body) }, nowMs)).resolves.toBeUndefined();
  });

  test.each(Object.keys(workos.examples))('verifies what our sender signs: %s', async (name) => {
    const event = workos.examples[name]?.payload(sampleUser('user_1'), nowMs) ?? {};
    const signed = await workos.sign(event, { nowMs, environment: { WORKOS_SECRETS: secret }, keys });
    const sigHeader = signed.headers[header] ?? '';
    const body = Buffer.from(signed.body).toString();
    const opened = client.webhooks.verifyHeader({ payload: body, sigHeader, secret });
    await expect(opened).resolves.toBe(true);
    await expect(client.webhooks.verifyHeader({ payload: body, sigHeader, secret: 'x' })).rejects.toThrow();
  });
});

describe.each([clerk, stytch, supabase, generic])("Standard Webhooks' package", (sender) => {
  test.each(Object.keys(sender.examples))(
    `verifies what our sender of ${sender.name} signs: %s`,
    async (name) => {
      const environment = sender.environment(keys);
      const event = sender.examples[name]?.payload(sampleUser('user_1'), nowMs) ?? {};
      const { headers, body } = await sender.sign(event, { nowMs, environment, keys });
      // The package knows neither Svix's names of headers nor how Supabase writes secrets.
      const named = Object.entries(headers).map(([key, value]) => [key.replace(/^svix-/, 'webhook-'), value]);
      const verify = (secret: string) =>
        new Webhook(secret).verify(Buffer.from(body).toString(), Object.fromEntries(named));
      const [secret = ''] = Object.values(environment).map((text) => text.replace(/^v1,/, ''));
      expect(verify(secret)).toEqual(JSON.parse(Buffer.from(body).toString()));
      expect(() => verify(`whsec_${Buffer.alloc(24).toString('base64')}`)).toThrow();
    },
  );
});

test.each(Object.keys(kinde.examples))("Kinde's package takes what our sender signs: %s", async (name) => {
  const event = kinde.examples[name]?.payload(sampleUser('kp_1'), nowMs) ?? {};
  const signed = await kinde.sign(event, { nowMs, environment: kinde.environment(keys), keys });
  expect(await decodeWebhook(Buffer.from(signed.body).toString(), keys.url)).toMatchObject(
    JSON.parse(JSON.stringify(event)),
  );
});
