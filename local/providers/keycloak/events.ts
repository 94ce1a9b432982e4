// The bodies of Keycloak's events, as what a person or an administrator did makes them.

import { randomUUID } from 'node:crypto';
import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser } from '../sender.ts';

type Partly = { readonly isPartial?: true };

type Members<Value> = (sample: SampleUser) => Value;

/** An event of users who act for themselves; without `told`, of a kind that is not mirrored. */
export function access(
  type: string,
  details: Members<object>,
  told?: Members<Told>,
  partly: Partly = {},
): Example {
  return {
    payload: (sample, atMs) => ({
      ...envelope(type, atMs),
      details: details(sample),
      authDetails: { realmId: 'app', clientId: 'account', userId: sample.id, username: 'ada' },
    }),
    wanted: (sample, at) => [
      {
        kind: type,
        reference: told ? sample.id : null,
        at,
        told: told ? toKept(told(sample)) : null,
        ...partly,
      },
    ],
  };
}

export function passwordDetails(): object {
  return { credential_type: 'password', custom_required_action: 'UPDATE_PASSWORD' };
}

export function admin(
  type: string,
  representation: Members<object | null>,
  told: Members<Told>,
  partly: Partly = {},
): Example {
  return {
    payload: (sample, atMs) => {
      const sent = representation(sample);
      return {
        ...adminEvent(type, atMs),
        resourcePath: `users/${sample.id}`,
        resourceId: sample.id,
        details: { userId: sample.id, username: 'ada' },
        ...(sent && { representation: JSON.stringify(sent) }),
      };
    },
    wanted: (sample, at) => [
      { kind: `admin.${type}`, reference: sample.id, at, told: toKept(told(sample)), ...partly },
    ],
  };
}

/** What somebody did by SCIM: the representation is what became of the user. */
export function scim(
  operation: string,
  isActive: boolean,
  told: Members<Told>,
  partly: Partly = { isPartial: true },
): Example {
  return {
    payload: (sample, atMs) => ({
      ...adminEvent(`USER-${operation}`, atMs),
      resourcePath: `scim/v2/Users/${sample.id}`,
      resourceId: sample.id,
      details: {},
      representation: JSON.stringify({
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        id: sample.id,
        userName: 'ada',
        name: { formatted: 'Ada Lovelace', familyName: sample.lastName, givenName: sample.firstName },
        active: isActive,
        emails: [{ value: sample.email, type: 'work', primary: true }],
      }),
    }),
    wanted: (sample, at) => [
      { kind: `admin.USER-${operation}`, reference: sample.id, at, told: toKept(told(sample)), ...partly },
    ],
  };
}

/** Whatever was typed, Keycloak keeps addresses in lower case; beyond A to Z in Java's way, which is not looked into here. */
function toKept(told: Told): Told {
  const email = told.email?.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return email ? { ...told, email } : told;
}

// The user in authDetails is who acts, and never the user that it is about.
export function adminEvent(type: string, atMs: number): object {
  const [resourceType, operationType] = type.split('-');
  return {
    ...envelope(`admin.${type}`, atMs),
    resourceType,
    operationType,
    authDetails: { realmId: 'master', clientId: 'admin-ui', userId: randomUUID(), username: 'admin' },
  };
}

function envelope(type: string, atMs: number): object {
  return { uid: randomUUID(), id: randomUUID(), time: atMs, realmId: randomUUID(), realmName: 'app', type };
}

export function toRepresentation({ email, phone, firstName, lastName }: SampleUser): object {
  return {
    username: 'ada',
    email,
    emailVerified: false,
    enabled: true,
    firstName,
    lastName,
    attributes: { phoneNumber: [phone], locale: ['en'], zoneinfo: ['Europe/London'] },
  };
}

export function toTold({ email, phone, firstName, lastName }: SampleUser): Told {
  return { email, phone, firstName, lastName, locale: 'en', timezone: 'Europe/London' };
}

export function toImported({ id, email, firstName, lastName }: SampleUser): object {
  return { id, username: 'ada', firstName, lastName, email, emailVerified: true, enabled: true };
}

export function toScimTold({ email, firstName, lastName }: SampleUser): Told {
  return { email, firstName, lastName };
}
