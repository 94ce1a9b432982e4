// One log line of each kind that has figures.

import type { EventLine, LogLine } from '../../lib/observability/log-line.ts';

export const eventLine: EventLine = {
  message: 'event',
  provider: 'clerk',
  eventId: 'e-1',
  kind: 'user.created',
  reference: 'u-1',
  outcome: 'done',
  code: null,
  cause: null,
  roqMs: 30,
  storeMs: 4,
};

export const rejectedLine: EventLine = {
  ...eventLine,
  eventId: null,
  kind: null,
  reference: null,
  outcome: 'rejected',
  code: 'signature_mismatch',
};

const unsignedLine: EventLine = { ...rejectedLine, code: 'signature_missing', isUnsigned: true };

export const gaugesLine: LogLine = {
  message: 'gauges',
  pending: 3,
  waiting: 2,
  parked: 1,
  held: 0,
  heldReminder: 0,
  oldestPendingMs: 90_000,
  deactivations: 5,
  ceiling: 25,
  longestSilenceMs: 3_600_000,
};

export const lines: readonly LogLine[] = [
  ...[eventLine, rejectedLine, unsignedLine, gaugesLine],
  {
    message: 'settings',
    provider: 'clerk',
    faults: ['CLERK_SECRETS names /a, which is no parameter, or may not be read'],
    isKept: false,
  },
  { message: 'roq', code: 'roq_unauthorized', statusCode: 401, errorCode: null, errorSubCode: null },
  { message: 'failure', code: 'store_unavailable', cause: null },
  {
    message: 'job',
    id: 'audit-2026-05-04',
    is: 'audit',
    state: 'done',
    code: null,
    records: 10,
    drifted: 2,
    repaired: 2,
    missing: 0,
    strangers: 1,
    duplicates: 0,
  },
  {
    message: 'job',
    id: 'pull-clerk-2026-05-04',
    is: 'pull',
    state: 'done',
    code: null,
    missed: 4,
    signedUp: 1,
    verified: 1,
    disabled: 1,
    changed: 1,
    gone: 0,
    stopped: null,
  },
];
