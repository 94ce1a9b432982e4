// What log lines say in figures: CloudWatch takes them out of the lines themselves, by its embedded metric format.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

import type { EventLine, FailureLine, GaugesLine, JobLine, LogLine, SettingsLine } from './log-line.ts';

const namespace = 'roq-sync';

type Place = { readonly stage: string; readonly functionName: string };

/**
 * Figures that share their dimensions; one that is null is left out. Each set of dimensions is a metric of its own.
 * None has a unit: each name says it, and CloudWatch takes a figure without one for as good.
 */
type Figures = {
  readonly by: readonly Readonly<Record<string, string>>[];
  readonly values: Readonly<Record<string, number | null>>;
};

/** The line with its figures; as it is, where it has none. */
export function withMetrics(line: LogLine, place: Place): object {
  const figures = measure(line, place);
  if (figures.length === 0) return line;
  return {
    stage: place.stage,
    ...Object.assign({}, ...figures.map(toMembers)),
    ...line,
    _aws: { Timestamp: Date.now(), CloudWatchMetrics: figures.map(toDirective) },
  };
}

function toMembers({ by, values }: Figures): object {
  return Object.assign({}, ...by, ...known(values).map(([name, value]) => ({ [name]: value })));
}

function toDirective({ by, values }: Figures): object {
  return {
    Namespace: namespace,
    Dimensions: by.map((dimensions) => ['stage', ...Object.keys(dimensions)]),
    Metrics: known(values).map(([Name]) => ({ Name })),
  };
}

function known(values: Readonly<Record<string, number | null>>): readonly (readonly [string, number])[] {
  return Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== null);
}

function measure(line: LogLine, { functionName }: Place): readonly Figures[] {
  switch (line.message) {
    case 'event':
      return ofEvent(line);
    case 'roq':
      return [{ by: [{}, { code: line.code }], values: { RoqErrors: 1 } }];
    case 'failure':
      return ofFailure(line, functionName);
    case 'settings':
      return ofSettings(line);
    case 'gauges':
      return ofGauges(line);
    case 'job':
      return ofJob(line);
    default:
      return [];
  }
}

// What an event took is in its line alone, where the dashboard finds it: as metrics the two would double the line's figures.
function ofEvent({ provider, outcome, code, isUnsigned }: EventLine): readonly Figures[] {
  const events: Figures = { by: [{ provider, outcome }], values: { Events: 1 } };
  // Anybody can call an address that is none of ours: that is no sign of a wrong secret.
  if (outcome !== 'rejected' || code === 'provider_unknown') return [events];
  const values = isUnsigned ? { Unsigned: 1 } : { Rejected: 1 };
  return [events, { by: [{}, { code: code ?? outcome }], values }];
}

function ofFailure(_: FailureLine, functionName: string): readonly Figures[] {
  return [{ by: [{ functionName }], values: { Failures: 1 } }];
}

function ofSettings({ provider }: SettingsLine): readonly Figures[] {
  return [{ by: provider === null ? [{}] : [{}, { provider }], values: { SettingsFaults: 1 } }];
}

function ofGauges({ pending, waiting, parked, held, ...gauges }: GaugesLine): readonly Figures[] {
  return [
    {
      by: [{}],
      values: {
        Pending: pending,
        Waiting: waiting,
        Parked: parked,
        Held: held,
        HeldReminder: gauges.heldReminder,
        Deactivations: gauges.deactivations,
        DeactivationCeiling: gauges.ceiling,
        OldestPendingMs: gauges.oldestPendingMs,
        LongestSilenceMs: gauges.longestSilenceMs,
      },
    },
  ];
}

function ofJob({ is, state, ...report }: JobLine): readonly Figures[] {
  const failed: Figures = {
    by: [{}],
    values: { JobFailures: state === 'failed' || state === 'set aside' ? 1 : 0 },
  };
  if (is === 'backfill') return [failed];
  const count = (name: string) => (typeof report[name] === 'number' ? report[name] : null);
  if (is === 'pull') {
    const values = {
      PullMissed: count('missed'),
      PullSignedUp: count('signedUp'),
      PullVerified: count('verified'),
      PullDisabled: count('disabled'),
      PullChanged: count('changed'),
      PullGone: count('gone'),
      PullStopped: report.stopped === null ? 0 : 1,
    };
    return [failed, { by: [{}], values }];
  }
  return [
    failed,
    {
      by: [{}],
      values: {
        AuditDrifted: count('drifted'),
        AuditRepaired: count('repaired'),
        AuditMissing: count('missing'),
        AuditStrangers: count('strangers'),
        AuditDuplicates: count('duplicates'),
      },
    },
  ];
}
