// Transmitters of security event tokens as they send: RISC by the standard, by Keycloak and by Google, and SCIM events.
// https://www.rfc-editor.org/rfc/rfc8935 https://www.rfc-editor.org/rfc/rfc9967

import type { Told } from '../../../lib/user.ts';
import { type Example, inWholeSeconds, type SampleUser, type Sender } from '../sender.ts';
import { toClaims } from './claims.ts';
import { scimExamples } from './scim.ts';

const secevent = 'https://schemas.openid.net/secevent/';
const riscUri = `${secevent}risc/event-type/`;
const anIssuer = 'https://the-issuer.example';

export const ssf: Sender = {
  name: 'ssf',
  setUp:
    'Create a stream with push delivery (RFC 8935) to the address, asking for the events below; the settings are those of the transmitter, at its `/.well-known/ssf-configuration`.',
  retries:
    'As the transmitter likes: by RFC 8935 it sends again after 5xx and time-outs. Keycloak keeps what it could not deliver for 30 days, and a token may be 31 days old. A repeat is answered 202 like the first.',
  cannotTell:
    "What a transmitter leaves out: SCIM notices name what changed without its values; no event says that an address is verified; Keycloak's own transmitter sends CAEP events alone today, of which none is mirrored.",
  environment: ({ jwksUrl, url }) => ({
    SSF_JWKS_URL: jwksUrl,
    SSF_ISSUER: url,
    SSF_AUDIENCE: 'roq-sync',
  }),
  sign: async (payload, { environment, keys }) => {
    const { SSF_ISSUER: iss, SSF_AUDIENCE: aud, SSF_AUTHORIZATION: authorization } = environment;
    // A subject names its issuer, which is known only now.
    const claims = JSON.parse(JSON.stringify({ iss, aud, ...payload }).replaceAll(anIssuer, iss ?? ''));
    const token = await keys.sign(claims, { typ: 'secevent+jwt' });
    return {
      headers: {
        'Content-Type': 'application/secevent+jwt',
        Accept: 'application/json',
        ...(authorization && { Authorization: authorization.split(',')[0] ?? '' }),
      },
      body: Buffer.from(token),
    };
  },
  maxAgeMs: 31 * 86_400_000,
  examples: {
    'account-disabled': risc('account-disabled', { reason: 'hijacking' }, { disabled: true }),
    // What happened at another time than it was told.
    'account-enabled': {
      payload: ({ id }, atMs) => ({
        ...toClaims(atMs + 2_000, { sub_id: bySub(id) }, { [`${riscUri}account-enabled`]: {} }),
        toe: atMs / 1000,
      }),
      wanted: ({ id }, at) => [
        { kind: `${riscUri}account-enabled`, reference: id, at, told: { disabled: false } },
      ],
    },
    'account-purged': risc('account-purged', {}, { deleted: true }),
    'identifier-changed-email': {
      payload: ({ id, email }, atMs) => {
        const identifiers = [{ format: 'email', email: 'old@example.com' }, bySub(id)];
        const sub_id = { format: 'aliases', identifiers };
        return toClaims(atMs, { sub_id }, { [`${riscUri}identifier-changed`]: { 'new-value': email } });
      },
      wanted: ({ id, email }, at) => [
        { kind: `${riscUri}identifier-changed`, reference: id, at: inWholeSeconds(at), told: { email } },
      ],
    },
    'identifier-changed-phone': {
      payload: ({ id, phone }, atMs) =>
        toClaims(atMs, { sub_id: bySub(id) }, { [`${riscUri}identifier-changed`]: { 'new-value': phone } }),
      wanted: ({ id, phone }, at) => [
        { kind: `${riscUri}identifier-changed`, reference: id, at: inWholeSeconds(at), told: { phone } },
      ],
    },
    'keycloak-account-disabled': {
      payload: ({ id }, atMs) => {
        const sub_id = { format: 'complex', user: bySub(id), tenant: { format: 'opaque', id: 'realm-1' } };
        const told = { event_timestamp: Math.floor(atMs / 1000) };
        return toClaims(atMs + 2_000, { sub_id }, { [`${riscUri}account-disabled`]: told });
      },
      wanted: ({ id }, at) => [
        {
          kind: `${riscUri}account-disabled`,
          reference: id,
          at: inWholeSeconds(at),
          told: { disabled: true },
        },
      ],
    },
    'google-account-disabled': {
      payload: ({ id }, atMs) => {
        const subject = { subject_type: 'iss-sub', iss: anIssuer, sub: id };
        return toClaims(atMs, {}, { [`${riscUri}account-disabled`]: { subject, reason: 'hijacking' } });
      },
      wanted: ({ id }, at) => [
        {
          kind: `${riscUri}account-disabled`,
          reference: id,
          at: inWholeSeconds(at),
          told: { disabled: true },
        },
      ],
    },
    ...scimExamples,
    'session-revoked': ignored('caep/event-type/session-revoked', 'session-1', {}),
    verification: ignored('ssf/event-type/verification', 'stream-1', { state: 'abc' }),
    'stream-updated': ignored('ssf/event-type/stream-updated', 'stream-1', { status: 'paused' }),
  },
};

function risc(name: string, event: object, told: Told): Example {
  const kind = riscUri + name;
  return {
    payload: ({ id }, atMs) => toClaims(atMs, { sub_id: bySub(id) }, { [kind]: event }),
    wanted: ({ id }: SampleUser, at) => [{ kind, reference: id, at: inWholeSeconds(at), told }],
  };
}

function ignored(name: string, id: string, event: object): Example {
  const kind = secevent + name;
  return {
    payload: (_, atMs) => toClaims(atMs, { sub_id: { format: 'opaque', id } }, { [kind]: event }),
    wanted: (_, at) => [{ kind, reference: null, at: inWholeSeconds(at), told: null }],
  };
}

function bySub(sub: string): object {
  return { format: 'iss_sub', iss: anIssuer, sub };
}
