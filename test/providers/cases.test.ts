// Payloads that were read wrongly once, each with what is right. test/fixtures/cases/payloads

import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UserEvent } from '../../lib/event.ts';
import { desired, toFacts } from '../../lib/user.ts';
import { type SigningKeys, startSigningKeys } from '../../local/providers/keys.ts';
import { connect, expectRejected, listWays, send } from '../support/sent.ts';

let keys: SigningKeys;

beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

const folder = new URL('../fixtures/cases/payloads/', import.meta.url);

/** What a payload is right to tell, where it is about a user. */
type Right = Partial<UserEvent>;

const rights: Readonly<Record<string, Right>> = {
  // By SAML, email_verified may be any text. The block beside it is told, and the text names no verification.
  'auth0-email-verified-text': {
    reference: 'samlp|a2',
    told: { email: 'a2@example.com', disabled: true },
    unread: ['data.object.email_verified'],
  },
  // The user who is linked to another one vanishes, which only a question to Auth0 can show: this changes nobody.
  'auth0-logs-link': { kind: 'sapi', reference: null, told: null },
  // No database of ROQ's takes the NUL. Without it, nothing holds up the ban.
  'clerk-nul-in-name': {
    reference: 'a',
    told: { email: 'a@example.com', emailVerified: true, firstName: 'A', disabled: true },
  },
  // The user's own time dates the event.
  'clerk-without-timestamp': {
    reference: 'user_29w83sxmDNGwOuEthce5gg56FcC',
    at: 1654012591835,
    told: {
      email: 'example@example.org',
      emailVerified: true,
      phone: null,
      firstName: 'Example',
      lastName: 'Example',
    },
  },
  // Descope's API writes times as text.
  'descope-occurred-as-text': { reference: 'U3', at: 1780949905843, told: { deleted: true } },
  // Since 1.59, `verified` of the user is deprecated, and each identity has its own.
  'fusionauth-verified-by-identity': {
    reference: '00000000-0000-0001-0000-000000000000',
    told: { email: 'a@example.com', emailVerified: true, disabled: false },
  },
  // The name of a tenant is its audience, and may hold spaces.
  'hanko-audience-with-spaces': {
    reference: '42fbd0dc-28fb-4144-892c-c2c4a0f8f5d8',
    at: 1737118003000,
    told: { email: 'test@example.com', emailVerified: true },
  },
  // An address is nobody's id: it passes from one person to another. The token itself is right, so it is taken.
  'ssf-account-enabled-email-subject': { reference: null, told: null, unread: ['sub_id'] },
  'ssf-risc-identifier-changed': { reference: null, told: null, unread: ['sub_id'] },
  // An address of the user's home, beside others, is not the primary one.
  'ssf-scim-patch-add-without-path': { reference: '1', told: {} },
  // The filter finds the primary one, whose value the object has.
  'ssf-scim-patch-primary-filter-object': { reference: '1', told: { email: 'new@example.com' } },
  // Whether the address of the user's work is the primary one, nobody says: the event is one that leaves that out.
  'ssf-scim-patch-type-filter': { reference: '1', told: {}, isPartial: true, unread: ['data.emails'] },
  // A member may stand under its schema's URN.
  'ssf-scim-patch-urn-member': { reference: '1', told: { disabled: true } },
  // The envelope's time has no zone; that of the user dates the event.
  'workos-docs-events': {
    reference: 'directory_user_01E1X1B89NH8Z3SDFJR4H7RGX7',
    at: Date.parse('2021-06-25T19:07:33.155Z'),
    told: { email: 'veda@example.com', firstName: 'Lela', disabled: false },
    unread: ['created_at'],
  },
  // A null beside the list of addresses hides the primary one no more than its absence does.
  'workos-dsync-email-null': {
    reference: 'directory_user_1',
    told: { email: 'blair@example.com', firstName: 'Blair', disabled: false },
  },
};

/** Payloads that are right to be refused, and where. */
const refused: Readonly<Record<string, string>> = {
  // Seconds in place of milliseconds would date it in 1970, before whatever is known, and nobody would be disabled.
  'generic-seconds': 'time',
};

describe('of the payloads that were read wrongly', () => {
  test('each has its right reading here', () => {
    const files = readdirSync(folder).map((name) => name.replace('.json', ''));
    expect(files.sort()).toEqual([...Object.keys(rights), ...Object.keys(refused)].sort());
  });

  test.each(Object.entries(rights))('%s is read rightly', async (name, right) => {
    const [event, ...others] = await readCase(name);
    expect(others).toEqual([]);
    expect(event).toMatchObject(right);
    expect(event?.told).toEqual(right.told);
    for (const member of ['isPartial', 'unread', 'rejected'] as const) {
      expect(event?.[member], member).toEqual(right[member]);
    }
  });

  test.each(Object.entries(refused))('%s is refused at %s', async (name, where) => {
    const { message } = await expectRejected(readCase(name), 'payload_invalid');
    expect(message).toContain(where);
  });

  test.each(['auth0-email-verified-text', 'clerk-nul-in-name', 'ssf-scim-patch-urn-member'])(
    'by %s the user is active no more, and every text can be stored',
    async (name) => {
      const [event] = await readCase(name);
      const wanted = desired(toFacts(event?.told ?? {}, event?.at ?? 0));
      expect(wanted.active).toBe(false);
      expect(JSON.stringify(wanted)).not.toContain(String.raw`\u0000`);
    },
  );
});

async function readCase(name: string): Promise<readonly UserEvent[]> {
  const { provider: of, payload, nowMs, setting } = openCase(name);
  const way = listWays().find(({ title }) => title === of);
  if (!way) throw new Error(`there is no provider ${of}`);
  const { iss, aud } = payload as { iss?: string; aud?: string };
  const settings = {
    ...way.environment(keys),
    ...(iss && { SSF_ISSUER: iss }),
    ...(aud && { SSF_AUDIENCE: aud }),
    ...setting,
  };
  const request = await send(way.sender, payload, { keys, settings, signedAtMs: nowMs });
  return connect(way.provider, settings)(request, nowMs);
}

type Case = {
  readonly provider: string;
  readonly payload: object;
  readonly nowMs: number;
  readonly setting?: Readonly<Record<string, string>>;
};

/** Some files hold the payload alone, under the name of its provider. */
function openCase(name: string): Case {
  const content = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
  const nowMs = content.nowMs ?? Date.parse('2026-11-26T00:00:00Z');
  const { provider: named, payload = content.claims, setting } = content;
  if (payload) return { provider: named, payload, nowMs, setting: toSetting(setting ?? '') };
  const provider = listWays().findLast(({ title }) => name.startsWith(title))?.title ?? '';
  return { provider, payload: content, nowMs };
}

/** As a line of an environment. */
function toSetting(line: string): Readonly<Record<string, string>> {
  const [name, value] = line.split('=');
  return name && value ? { [name]: value } : {};
}
