// Okta as its event hooks send. https://developer.okta.com/docs/concepts/event-hooks/

import { randomUUID } from 'node:crypto';
import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstSecret, newSecret, toBody } from '../signing.ts';

export const okta: Sender = {
  name: 'okta',
  setUp:
    'Workflow → Event Hooks → Create: authentication field `Authorization`, authentication secret `OKTA_SECRETS`, and the events below; deploy first, for Okta verifies the address at once. Events hold no profile: Security → API → Tokens, made by an admin who may only read users, gives `OKTA_API_TOKEN`.',
  retries:
    'Once at most, and never after a 4xx; it waits 3 s for an answer. A pull finds what was lost in an outage.',
  cannotTell: 'Whether an e-mail address is verified; a profile, without an API token.',
  environment: () => ({ OKTA_SECRETS: newSecret() }),
  sign: async (payload, { environment }) => {
    const Authorization = firstSecret(environment.OKTA_SECRETS);
    return { headers: { 'Content-Type': 'application/json', Authorization }, body: toBody(payload) };
  },
  examples: {
    'user.lifecycle.create': single('user.lifecycle.create', {}),
    'user.lifecycle.activate': single('user.lifecycle.activate', { disabled: false }),
    'user.lifecycle.deactivate': single('user.lifecycle.deactivate', { disabled: true }),
    'user.lifecycle.suspend': single('user.lifecycle.suspend', { disabled: true }),
    'user.lifecycle.unsuspend': single('user.lifecycle.unsuspend', { disabled: false }),
    'user.lifecycle.delete.initiated': single('user.lifecycle.delete.initiated', { deleted: true }),
    'user.account.update_profile': single('user.account.update_profile', {}),
    'user.lifecycle.create-several': {
      payload: (sample, atMs) =>
        hook(atMs, [
          toLogEvent('user.lifecycle.create', sample, atMs - 2_000),
          toLogEvent('user.session.start', sample, atMs - 1_000),
          toLogEvent('user.lifecycle.activate', sample, atMs),
        ]),
      wanted: ({ id }, at) => [
        {
          kind: 'user.lifecycle.create',
          reference: id,
          at: at - 2_000,
          told: {},
          isPartial: true,
        },
        { kind: 'user.session.start', reference: null, at: at - 1_000, told: null },
        { kind: 'user.lifecycle.activate', reference: id, at, told: { disabled: false } },
      ],
    },
    'user.lifecycle.suspend-failed': {
      payload: (sample, atMs) =>
        hook(atMs, [
          { ...toLogEvent('user.lifecycle.suspend', sample, atMs), outcome: { result: 'FAILURE' } },
        ]),
      wanted: (_, at) => [{ kind: 'user.lifecycle.suspend', reference: null, at, told: null }],
    },
    'group.lifecycle.create': {
      payload: (sample, atMs) =>
        hook(atMs, [
          {
            ...toLogEvent('group.lifecycle.create', sample, atMs),
            target: [{ id: '00g1emaKYZTWRYYRRTSK', type: 'UserGroup', displayName: 'West Coast' }],
          },
        ]),
      wanted: (_, at) => [{ kind: 'group.lifecycle.create', reference: null, at, told: null }],
    },
  },
};

function single(kind: string, told: Told): Example {
  const isPartial = Object.keys(told).length === 0;
  return {
    payload: (sample, atMs) => hook(atMs, [toLogEvent(kind, sample, atMs)]),
    wanted: ({ id }, at) => [{ kind, reference: id, at, told, ...(isPartial && { isPartial }) }],
  };
}

// Sent a while after it happened.
function hook(atMs: number, events: readonly object[]): object {
  return {
    eventType: 'com.okta.event_hook',
    eventTypeVersion: '1.0',
    cloudEventsVersion: '0.1',
    source: 'https://example.okta.com/api/v1/eventHooks/who1',
    eventId: randomUUID(),
    data: { events },
    eventTime: new Date(atMs + 900).toISOString(),
    contentType: 'application/json',
  };
}

// The target comes after others, and the actor is somebody else.
function toLogEvent(eventType: string, sample: SampleUser, atMs: number): object {
  const displayName = `${sample.firstName} ${sample.lastName}`;
  return {
    uuid: randomUUID(),
    published: new Date(atMs).toISOString(),
    eventType,
    version: '0',
    severity: 'INFO',
    outcome: { result: 'SUCCESS' },
    displayMessage: eventType,
    actor: {
      id: '00uAdmin000000000000',
      type: 'User',
      alternateId: 'admin@example.com',
      displayName: 'Admin',
    },
    target: [
      { id: '0oa1gjh63g214q0Hq0g4', type: 'AppInstance', alternateId: 'unknown', displayName: 'An app' },
      { id: sample.id, type: 'User', alternateId: sample.email, displayName },
    ],
  };
}
