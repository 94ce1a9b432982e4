// Microsoft Entra as Microsoft Graph sends its change notifications.
// https://learn.microsoft.com/graph/change-notifications-delivery-webhooks

import { randomUUID } from 'node:crypto';
import type { Told } from '../../../lib/user.ts';
import type { Example, Sender } from '../sender.ts';
import { firstSecret, newSecret, toBody } from '../signing.ts';

export const entra: Sender = {
  name: 'entra',
  setUp:
    'Microsoft Graph: `POST /v1.0/subscriptions` with resource `users`, changeType `updated,deleted`, this address as notificationUrl and lifecycleNotificationUrl, and `ENTRA_CLIENT_STATES` as clientState; deploy first, for Graph makes sure of the address at once. It ends after 29 days at most: renew it, or have it made and renewed by the function that asks (`ENTRA_NOTIFICATION_URL`). Notifications only name a user: an app registration with the application permission `User.Read.All` reads the rest. External tenants and Azure AD B2C send no notifications.',
  retries:
    'For up to 4 hours; it waits 3 s for an answer, and slows down where answers take longer. A `lifecycle.missed` or `lifecycle.subscriptionRemoved` means that some were lost: where the tenant is asked it is pulled at once, and the subscription made anew; else a backfill finds them.',
  cannotTell: 'Whether an e-mail address is verified; a profile, without an app that may read it.',
  environment: () => ({ ENTRA_CLIENT_STATES: newSecret() }),
  sign: async (payload, { environment }) => {
    const headers = { 'Content-Type': 'application/json' };
    return { headers, body: toBody(withState(payload, firstSecret(environment.ENTRA_CLIENT_STATES))) };
  },
  examples: {
    // Graph reports a new user as updated, but may be asked for created as well.
    'user.updated': single('updated', {}),
    'user.created': single('created', {}),
    'user.deleted': single('deleted', { deleted: true }),
    'user.updated-several': {
      payload: (sample, atMs) => ({
        value: [
          notify('Group', 'updated', sample.id, atMs - 1_000),
          notify('User', 'updated', sample.id, atMs),
        ],
      }),
      wanted: ({ id }, at) => [
        { kind: 'group.updated', reference: null, at: at - 1_000, told: null },
        { kind: 'user.updated', reference: id, at, told: {}, isPartial: true },
      ],
    },
    'group.deleted': {
      payload: ({ id }, atMs) => ({ value: [notify('Group', 'deleted', id, atMs)] }),
      wanted: (_, at) => [{ kind: 'group.deleted', reference: null, at, told: null }],
    },
  },
};

function single(changeType: string, told: Told): Example {
  const isPartial = !told.deleted;
  return {
    payload: ({ id }, atMs) => ({ value: [notify('User', changeType, id, atMs)] }),
    wanted: ({ id }, at) => [
      { kind: `user.${changeType}`, reference: id, at, told, ...(isPartial && { isPartial }) },
    ],
  };
}

function notify(type: string, changeType: string, id: string, atMs: number): object {
  const resource = `${type}s/${id}`;
  const tenantId = '84bd8158-6d4d-4958-8b9f-9d6445542f95';
  return {
    id: randomUUID(),
    changeType,
    resource,
    tenantId,
    subscriptionId: '76222963-cc7b-42d2-882d-8aaa69cb2ba3',
    subscriptionExpirationDateTime: new Date(atMs + 86_400_000).toISOString(),
    resourceData: {
      '@odata.type': `#Microsoft.Graph.${type}`,
      '@odata.id': resource,
      id,
      organizationId: tenantId,
      // Ten millionths of a second.
      eventTime: new Date(atMs).toISOString().replace('Z', '0000Z'),
    },
  };
}

/** Graph repeats the secret in every notification. */
function withState(payload: object, clientState: string): object {
  if (!('value' in payload) || !Array.isArray(payload.value)) return payload;
  return { ...payload, value: payload.value.map((item: object) => ({ ...item, clientState })) };
}
