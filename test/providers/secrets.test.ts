// What every provider owes to its secrets: none that could be guessed, and no alarm where nobody has tried one.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isSecret, readSettings } from '../../lib/config/settings.ts';
import { ConfigError } from '../../lib/errors.ts';
import type { WebhookRequest } from '../../lib/event.ts';
import { type SigningKeys, startSigningKeys } from '../../local/providers/keys.ts';
import { type Door, openDoor, toKnock } from '../support/door.ts';
import { atMs, firstMirrored, listWays, send, user } from '../support/sent.ts';

let keys: SigningKeys;
let strangersKeys: SigningKeys;
let door: Door;

beforeAll(async () => {
  [keys, strangersKeys, door] = await Promise.all([startSigningKeys(), startSigningKeys(), openDoor()]);
});
afterAll(() => Promise.all([keys.close(), strangersKeys.close(), door.close()]));

describe.each(listWays())('$title', ({ sender, provider, environment: toSettings }) => {
  const names = Object.entries(provider.settings)
    .filter(([, schema]) => isSecret(schema))
    .map(([name]) => name);
  const inbound = names.filter((name) => /SECRETS|CREDENTIALS|STATES|AUTHORIZATION/.test(name));

  test('takes the secrets of its sender', () => {
    expect(() => readSettings(provider.settings, toSettings(keys))).not.toThrow();
  });

  if (inbound.length > 0)
    test.each(inbound)('%s of one character, or of fifteen, is refused', (name) => {
      for (const short of ['x', '15-characters--', 'Bearer x', 'Bearer 15-characters--']) {
        const settings = { ...toSettings(keys), [name]: short };
        expect(() => readSettings(provider.settings, settings)).toThrow(ConfigError);
      }
    });

  test('tells what nobody signed apart from what somebody signed who does not know the secret', async () => {
    const settings = toSettings(keys);
    const knock = door.behind(provider, settings);
    const payload = firstMirrored(sender).payload(user, atMs);
    const noise = ['', 'noise', '{}', '[]', '{"token":7}', '{"value":[{}]}', JSON.stringify(payload)];
    for (const body of noise) {
      const request: WebhookRequest = { headers: {}, body: Buffer.from(body) };
      const { lines, folded } = await knock(toKnock(request));
      expect(folded).toEqual([]);
      expect(lines, body).toMatchObject([{ outcome: 'rejected', isUnsigned: true }]);
    }
    const drawn = toSettings(keys);
    const secrets = Object.keys(settings).filter((name) => settings[name] !== drawn[name]);
    const strangers = {
      ...settings,
      ...Object.fromEntries(secrets.map((name) => [name, drawn[name] ?? ''])),
    };
    const request = await send(sender, payload, { keys: strangersKeys, settings: strangers });
    expect((await knock(toKnock(request))).lines).toMatchObject([{ outcome: 'rejected', isUnsigned: false }]);
  });
});
