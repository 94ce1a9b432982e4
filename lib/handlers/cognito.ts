// Amazon Cognito's triggers, PostConfirmation and PostAuthentication, whose caller waits at most 5 s; and its API calls,
// from CloudTrail by EventBridge.

import type {
  Context,
  EventBridgeEvent,
  PostAuthenticationTriggerEvent,
  PostConfirmationTriggerEvent,
} from 'aws-lambda';
import { type App, leaseMsFor } from '../app.ts';
import { RejectedError, UnavailableError } from '../errors.ts';
import type { UserEvent } from '../event.ts';
import { mapEach } from '../mapping/mapping.ts';
import { causeName, log } from '../observability/log.ts';
import { readCall, readTrigger } from '../providers/cognito/cognito.ts';
import { receive } from '../sync/receive.ts';

export type CognitoEvent =
  | PostConfirmationTriggerEvent
  | PostAuthenticationTriggerEvent
  | EventBridgeEvent<'AWS API Call via CloudTrail', unknown>;

type Options = {
  readonly userPoolIds: readonly string[];
  readonly inlineBudgetMs: number;
  /** Whether users are left alone that another provider reported first. */
  readonly isExclusive: boolean;
};
type Time = Pick<Context, 'getRemainingTimeInMillis'>;

// What it takes to answer.
const reserveMs = 500;

type Handler = (event: CognitoEvent, context: Time) => Promise<CognitoEvent>;

/** The handler as soon as its settings can be read; wrong ones must not keep users from signing up or in. */
export function whenReady(ready: () => Promise<Handler>): Handler {
  return async (event, context) => {
    try {
      return await (await ready())(event, context);
    } catch (error) {
      if (!('triggerSource' in event)) throw error;
      // A trigger's own trouble ends in orLost: this is about settings that are wrong, or can't be read.
      log({
        message: 'failure',
        code: 'settings_unavailable',
        cause: error instanceof Error ? error.name : null,
      });
      return event;
    }
  };
}

/** @throws UnavailableError for an event of CloudTrail's alone, so that Lambda tries again. */
export function createHandler(app: App, { userPoolIds, inlineBudgetMs, isExclusive }: Options): Handler {
  // What calls is known by the permission to invoke the function: nothing is signed.
  const prefix = app.prefixOf('cognito');
  const sender = { name: 'cognito', source: 'cognito', prefix, isExclusive, lookUp: null };
  return async (event, context) => {
    const remainingMs = context.getRemainingTimeInMillis();
    const budget = { deadline: app.now() + inlineBudgetMs, leaseMs: leaseMsFor(remainingMs) };
    const mapping = app.mapping.get('cognito');
    const record = (read: () => UserEvent) =>
      receive(app, sender, async () => mapEach(mapping, [read()]), budget);
    if (!('triggerSource' in event)) {
      await orRejected(
        app,
        record(() => readCall(event.detail, userPoolIds)),
      );
      return event;
    }
    const recorded = record(() => readTrigger(event, userPoolIds, app.now()));
    await orLost(app, within(recorded, remainingMs - reserveMs));
    return event;
  };
}

/** What can't be read will not be readable later. */
async function orRejected(app: App, recorded: Promise<void>): Promise<void> {
  try {
    await recorded;
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    app.log({ message: 'failure', code: error.code, cause: causeName(error) });
  }
}

/** Cognito shows an error to the user who signs up or in: it gets none, and the alarm is rung. */
async function orLost(app: App, recorded: Promise<void>): Promise<void> {
  try {
    await recorded;
  } catch (error) {
    const isKnown = error instanceof RejectedError || error instanceof UnavailableError;
    const cause = isKnown ? causeName(error) : error instanceof Error ? error.name : null;
    app.log({ message: 'failure', code: isKnown ? error.code : 'store_unavailable', cause });
  }
}

async function within(recorded: Promise<void>, ms: number): Promise<void> {
  const { promise: timeIsUp, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new UnavailableError('store_unavailable', 'no time is left')), ms);
  try {
    await Promise.race([recorded, timeIsUp]);
  } finally {
    clearTimeout(timer);
  }
}
