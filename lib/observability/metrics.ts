// What log lines say in figures: CloudWatch takes them out of the lines themselves, by its embedded metric format.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

import type { EventLine, FailureLine, GaugesLine, JobLine, LogLine, SettingsLine } from './log-line.ts';

const namespace = 'roq-sync';

type Place = { readonly stage: string; readonly functionName: string };

/** Figures that share their dimensions; one that is null is left out. Each set of dimensions is a metric of its own. */
type Figures = {
  readonly by: readonly Readonly<Record<string, string>>[];
  readonly counts?: Readonly<Record<string, number | null>>;
  readonly milliseconds?: Readonly<Record<string, number | null>>;
};

/** The line with its figures; as it is, where it has none. */
export function withMetrics(line: LogLine, place: Place): object {
  const figures = measure(line, place);
  if (figures.length === 0) return line;
  return {
    stage: place.stage,
    ...Object.assign({}, ...figures.map(toValues)),
    ...line,
    _aws: { Timestamp: Date.now(), CloudWatchMetrics: figures.map(toDirective) },
  };
}

function toValues({ by, counts = {}, milliseconds = {} }: Figures): object {
  return Object.assign(
    {},
    ...by,
    ...[...known(counts), ...known(milliseconds)].map(([name, value]) => ({ [name]: value })),
  );
}

function toDirective({ by, counts = {}, milliseconds = {} }: Figures): object {
  return {
    Namespace: namespace,
    Dimensions: by.map((dimensions) => ['stage', ...Object.keys(dimensions)]),
    Metrics: [
      ...known(counts).map(([Name]) => ({ Name, Unit: 'Count' })),
      ...known(milliseconds).map(([Name]) => ({ Name, Unit: 'Milliseconds' })),
    ],
  };
}

function known(figures: Readonly<Record<string, number | null>>): readonly (readonly [string, number])[] {
  return Object.entries(figures).filter((entry): entry is [string, number] => entry[1] !== null);
}

function measure(line: LogLine, { functionName }: Place): readonly Figures[] {
  switch (line.message) {
    case 'event':
      return ofEvent(line);
    case 'roq':
      return [{ by: [{}, { code: line.code }], counts: { RoqErrors: 1 } }];
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

function ofEvent({ provider, outcome, code, isUnsigned, roqMs, storeMs }: EventLine): readonly Figures[] {
  const events: Figures = { by: [{ provider, outcome }], counts: { Events: 1 } };
  // Anybody can call an address that is none of ours: that is no sign of a wrong secret.
  if (code === 'provider_unknown') return [events];
  if (outcome === 'rejected') {
    const counts = isUnsigned ? { Unsigned: 1 } : { Rejected: 1 };
    return [events, { by: [{}, { code: code ?? outcome }], counts }];
  }
  return [events, { by: [{ provider }], milliseconds: { RoqMs: roqMs, StoreMs: storeMs } }];
}

function ofFailure(_: FailureLine, functionName: string): readonly Figures[] {
  return [{ by: [{ functionName }], counts: { Failures: 1 } }];
}

function ofSettings({ provider }: SettingsLine): readonly Figures[] {
  return [{ by: provider === null ? [{}] : [{}, { provider }], counts: { SettingsFaults: 1 } }];
}

function ofGauges({ pending, waiting, parked, held, ...gauges }: GaugesLine): readonly Figures[] {
  return [
    {
      by: [{}],
      counts: {
        Pending: pending,
        Waiting: waiting,
        Parked: parked,
        Held: held,
        HeldReminder: gauges.heldReminder,
        Deactivations: gauges.deactivations,
        DeactivationCeiling: gauges.ceiling,
      },
      milliseconds: {
        OldestPendingMs: gauges.oldestPendingMs,
        LongestSilenceMs: gauges.longestSilenceMs,
      },
    },
  ];
}

function ofJob({ is, state, ...report }: JobLine): readonly Figures[] {
  const failed: Figures = {
    by: [{}],
    counts: { JobFailures: state === 'failed' || state === 'set aside' ? 1 : 0 },
  };
  if (is === 'backfill') return [failed];
  const count = (name: string) => (typeof report[name] === 'number' ? report[name] : null);
  if (is === 'pull') {
    const counts = {
      PullMissed: count('missed'),
      PullSignedUp: count('signedUp'),
      PullVerified: count('verified'),
      PullDisabled: count('disabled'),
      PullChanged: count('changed'),
      PullGone: count('gone'),
      PullStopped: report.stopped === null ? 0 : 1,
    };
    return [failed, { by: [{}], counts }];
  }
  return [
    failed,
    {
      by: [{}],
      counts: {
        AuditDrifted: count('drifted'),
        AuditRepaired: count('repaired'),
        AuditMissing: count('missing'),
        AuditStrangers: count('strangers'),
        AuditDuplicates: count('duplicates'),
      },
    },
  ];
}
