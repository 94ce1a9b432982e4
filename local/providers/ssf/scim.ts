// The SCIM events among the examples of `ssf`. https://www.rfc-editor.org/rfc/rfc9967

import type { Told } from '../../../lib/user.ts';
import { type Example, inWholeSeconds, type SampleUser, type Wanted } from '../sender.ts';
import { toClaims } from './claims.ts';

type ToPayload = (sample: SampleUser) => object;
type ToTold = (sample: SampleUser) => Told;

const feed = 'urn:ietf:params:scim:event:feed:';
const scim = 'urn:ietf:params:scim:event:prov:';
const coreUser = 'urn:ietf:params:scim:schemas:core:2.0:User';
const avatarUrl = 'https://example.com/ada.png';

const noMembers = () => ({});

export const scimExamples: Readonly<Record<string, Example>> = {
  'scim-create-full': {
    payload: (sample, atMs) =>
      toClaims(atMs, byUri(sample), {
        [`${feed}add`]: {},
        [`${scim}create:full`]: { version: '1', data: toUser(sample) },
      }),
    wanted: (sample, at) => [
      { kind: `${feed}add`, reference: null, at: inWholeSeconds(at), told: null },
      { kind: `${scim}create:full`, reference: sample.id, at: inWholeSeconds(at), told: toProfile(sample) },
    ],
  },
  'scim-create-notice': notice('create:notice', 'userName', 'emails'),
  'scim-put-full': event('put:full', toPut, ({ email }) => ({ email, disabled: true })),
  'scim-put-notice': notice('put:notice', 'name'),
  'scim-patch-full': patchExample(),
  'scim-patch-notice': notice('patch:notice', 'phoneNumbers'),
  'scim-activate': event('activate', noMembers, () => ({ disabled: false })),
  'scim-deactivate': event('deactivate', noMembers, () => ({ disabled: true })),
  'scim-delete': event('delete', noMembers, () => ({ deleted: true })),
  'scim-group-create-full': {
    payload: (_, atMs) => {
      const sub_id = { format: 'scim', uri: '/Groups/7c1d' };
      return toClaims(atMs, { sub_id }, { [`${scim}create:full`]: { data: { displayName: 'Admins' } } });
    },
    wanted: (_, at) => [{ kind: `${scim}create:full`, reference: null, at: inWholeSeconds(at), told: null }],
  },
  'scim-feed-remove': {
    payload: (sample, atMs) => toClaims(atMs, byUri(sample), { [`${feed}remove`]: {} }),
    wanted: (_, at) => [{ kind: `${feed}remove`, reference: null, at: inWholeSeconds(at), told: null }],
  },
};

function event(name: string, payload: ToPayload, told: ToTold): Example {
  return {
    payload: (sample, atMs) => toClaims(atMs, byUri(sample), { [scim + name]: payload(sample) }),
    wanted: (sample, at) => [
      { kind: scim + name, reference: sample.id, at: inWholeSeconds(at), told: told(sample) },
    ],
  };
}

function notice(name: string, ...attributes: string[]): Example {
  const { payload, wanted } = event(name, () => ({ attributes }), noMembers);
  const toPartial = (event: Wanted) => ({ ...event, isPartial: true });
  return { payload, wanted: (sample, at) => wanted(sample, at).map(toPartial) };
}

/** By a sender of a draft, which wrote the name in capitals. */
function patchExample(): Example {
  const kind = 'urn:ietf:params:SCIM:event:prov:patch:full';
  return {
    payload: (sample, atMs) =>
      toClaims(atMs, byUri(sample), { [kind]: { version: '3', data: toPatch(sample) } }),
    wanted: ({ id, email, phone }, at) => [
      {
        kind,
        reference: id,
        at: inWholeSeconds(at),
        told: {
          email,
          phone,
          firstName: 'Augusta',
          locale: 'fr-FR',
          timezone: null,
          avatarUrl,
          disabled: true,
        },
        // Whether the address of their work is the primary one, nobody says.
        isPartial: true,
        unread: ['data.emails'],
      },
    ],
  };
}

function byUri({ id }: SampleUser): { sub_id: object } {
  return { sub_id: { format: 'scim', uri: `/Users/${encodeURIComponent(id)}`, externalId: 'ada' } };
}

function toUser({ email, phone, firstName, lastName }: SampleUser): object {
  return {
    schemas: [coreUser],
    userName: 'ada',
    name: { givenName: firstName, familyName: lastName },
    emails: [
      { type: 'home', value: 'ada@home.example' },
      { type: 'work', value: email, primary: true },
    ],
    phoneNumbers: [{ value: phone }],
    photos: [],
    preferredLanguage: 'en-GB',
    timezone: 'Europe/London',
    active: true,
  };
}

function toProfile({ email, phone, firstName, lastName }: SampleUser): Told {
  const place = { locale: 'en-GB', timezone: 'Europe/London' };
  return { email, phone, firstName, lastName, ...place, avatarUrl: null, disabled: false };
}

// Attribute names have no case, and Microsoft Entra writes yes and no as text.
function toPut({ email }: SampleUser): object {
  const data = { schemas: [coreUser], userName: 'ada', EMAILS: [{ Value: email }], Active: 'False' };
  return { version: '2', data };
}

function toPatch({ email, phone }: SampleUser): object {
  const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [
      { op: 'Replace', path: `${coreUser}:name.givenName`, value: 'Augusta' },
      { op: 'remove', path: 'timezone' },
      { op: 'replace', path: 'emails[primary eq true].value', value: email },
      { op: 'add', path: 'emails', value: [{ type: 'home', value: 'second@example.com' }] },
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'ada@work.example' },
      { op: 'replace', value: { active: false, locale: 'fr-FR' } },
      { op: 'replace', path: 'phoneNumbers', value: { value: phone } },
      { op: 'add', path: `${enterprise}:department`, value: 'Engines' },
      { op: 'add', path: 'photos', value: [{ value: avatarUrl, primary: true }] },
    ],
  };
}
