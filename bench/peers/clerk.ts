// What both peers do with an event of Clerk's, written as somebody would who follows the packages' documentation.

import type { Platform } from '@roq/nodejs';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { Webhook } from 'standardwebhooks';

export type ClerkEvent = { readonly type: string; readonly data: ClerkUser };

type ClerkUser = {
  readonly id: string;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly image_url: string;
  readonly locale: string | null;
  readonly banned: boolean;
  readonly primary_email_address_id: string;
  readonly email_addresses: readonly {
    readonly id: string;
    readonly email_address: string;
    readonly verification: { readonly status: string } | null;
  }[];
};

const webhook = new Webhook(process.env.CLERK_SECRETS ?? '');

/** The verified event; null where its signature is wrong. */
export function verify({ body, headers }: APIGatewayProxyEventV2): ClerkEvent | null {
  try {
    return webhook.verify(body ?? '', {
      'webhook-id': headers['svix-id'] ?? '',
      'webhook-timestamp': headers['svix-timestamp'] ?? '',
      'webhook-signature': headers['svix-signature'] ?? '',
    }) as ClerkEvent;
  } catch {
    return null;
  }
}

/** The user as ROQ takes it. */
export function toRoqUser(user: ClerkUser) {
  const email = user.email_addresses.find(({ id }) => id === user.primary_email_address_id);
  return {
    email: email?.email_address ?? '',
    isOptedIn: email?.verification?.status === 'verified',
    active: !user.banned,
    avatarUrl: user.image_url,
    ...(user.first_name !== null && { firstName: user.first_name }),
    ...(user.last_name !== null && { lastName: user.last_name }),
    ...(user.locale !== null && { locale: user.locale }),
  };
}

export type Roq = ReturnType<Platform['asSuperAdmin']>;

export const settings = {
  host: process.env.ROQ_PLATFORM_URL ?? '',
  environmentId: process.env.ROQ_ENVIRONMENT_ID ?? '',
  apiKey: process.env.ROQ_API_KEY ?? '',
};
