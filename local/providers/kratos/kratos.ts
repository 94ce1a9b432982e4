// Ory Kratos as its web hooks send by docs/kratos.jsonnet, with the times of Postgres, in microseconds.

import { randomUUID } from 'node:crypto';
import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstCredential, newSecret, repeatCredential } from '../signing.ts';

export const kratos: Sender = {
  name: 'kratos',
  setUp:
    'A `web_hook` after registration, login, settings, verification and recovery, with the template docs/kratos.jsonnet. Its head shows the configuration, under which keys it runs, which depends on your other hooks, and where to name your traits. The value of its header is `KRATOS_CREDENTIALS`. Older versions call the hooks of verification and recovery before the address counts as verified; unless it was a verification and the address is the only one, the next sign-in tells it.',
  retries:
    'Twice, within seconds; with `response.ignore: true` a failure stops nobody, without it the sign-up fails. There are no hooks on the admin API: what it creates, disables or deletes is found by a pull.',
  cannotTell:
    'What the admin API changes, before the user does something; that it sets them inactive, for then they can do nothing but verify an address; that they are deleted.',
  environment: () => ({ KRATOS_CREDENTIALS: `Bearer ${newSecret()}` }),
  variants: {
    'name and password': () => ({
      KRATOS_CREDENTIALS: `Basic ${Buffer.from(`kratos:${newSecret()}`).toString('base64')}`,
    }),
  },
  sign: async (payload, { environment }) => {
    const credential = firstCredential(environment.KRATOS_CREDENTIALS);
    const { headers, body } = repeatCredential(payload, credential, 'Authorization');
    const ids = { 'Ory-Webhook-Trigger-Id': randomUUID(), 'Ory-Webhook-Request-Id': randomUUID() };
    return { headers: { ...headers, ...ids }, body };
  },
  examples: {
    registration: flow('registration', { verified: false }, {}, { emailVerified: false }),
    settings: flow('settings', {}, {}, {}),
    verification: verification({}, {}),
    // Who is inactive can't sign in: no other hook of theirs is ever called.
    'verification-disabled': verification({ state: 'inactive' }, { disabled: true }),
    recovery: flow('recovery', {}, {}, {}),
    login: flow('login', {}, {}, {}),
    'registration-before': {
      payload: (_, atMs) => ({ flow: 'registration', issued_at: toTime(atMs), identity: null }),
      wanted: (_, at) => [{ kind: 'registration', reference: null, at, told: null }],
    },
    logout: {
      payload: (sample, atMs) => ({
        flow: 'logout',
        issued_at: toTime(atMs),
        identity: toIdentity(sample, atMs),
      }),
      wanted: (_, at) => [{ kind: 'logout', reference: null, at, told: null }],
    },
  },
};

function flow(name: string, address: object, changes: object, told: Told): Example {
  return {
    payload: (sample, atMs) => ({
      flow: name,
      issued_at: toTime(atMs - 20_000),
      identity: {
        ...toIdentity(sample, atMs),
        verifiable_addresses: [toAddress(sample, address)],
        ...changes,
      },
    }),
    wanted: (sample, at) => [{ kind: name, reference: sample.id, at, told: { ...toTold(sample), ...told } }],
  };
}

/** It leaves the identity's own time alone. */
function verification(changes: object, told: Told): Example {
  return {
    payload: (sample, atMs) => ({
      flow: 'verification',
      issued_at: toTime(atMs - 50_000),
      identity: {
        ...toIdentity(sample, atMs - 60_000),
        verifiable_addresses: [toAddress(sample, { verified_at: toTime(atMs) })],
        ...changes,
      },
    }),
    wanted: (sample, at) => [
      { kind: 'verification', reference: sample.id, at, told: { ...toTold(sample), ...told } },
    ],
  };
}

function toIdentity({ id, email, phone, firstName, lastName }: SampleUser, atMs: number): object {
  return {
    id,
    state: 'active',
    updated_at: toTime(atMs),
    verifiable_addresses: null,
    traits: { email, phone, first_name: firstName, last_name: lastName },
  };
}

function toAddress({ email }: SampleUser, changes: object): object {
  return {
    id: randomUUID(),
    value: email.toLowerCase(),
    via: 'email',
    status: 'completed',
    verified: true,
    ...changes,
  };
}

function toTold({ email, phone, firstName, lastName }: SampleUser): Told {
  return { email, phone, firstName, lastName, emailVerified: true, disabled: false };
}

function toTime(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '417Z');
}
