// What log lines say in figures: CloudWatch takes them out of the lines themselves, by its embedded metric format.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { EventLine, FailureLine, GaugesLine, JobLine, LogLine, SettingsLine } from './log-line.ts';

const namespace = 'roq-sync';

type Unit = (typeof MetricUnit)[keyof typeof MetricUnit];

type Place = { readonly stage: string; readonly functionName: string };

/** Figures that share their dimensions; one that is null is left out. Each set of dimensions is a metric of its own. */
type Figures = {
  readonly by: readonly Readonly<Record<string, string>>[];
  readonly counts?: Readonly<Record<string, number | null>>;
  readonly milliseconds?: Readonly<Record<string, number | null>>;
};

/** The line with its figures; as it is, where it has none. */
export function withMetrics(line: LogLine, place: Place): object {
  const records = measure(line, place).map((figures) => serialize(figures, place.stage));
  const [first] = records;
  if (!first) return line;
  const directives = records.flatMap(({ _aws }) => _aws.CloudWatchMetrics);
  return {
    ...Object.assign({}, ...records),
    ...line,
    _aws: { ...first._aws, CloudWatchMetrics: directives },
  };
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
  const failed: Figures = { by: [{}], counts: { JobFailures: state === 'failed' ? 1 : 0 } };
  if (is !== 'audit') return [failed];
  const count = (name: string) => (typeof report[name] === 'number' ? report[name] : null);
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

// One for all lines: to make one takes longer than to use it.
const metrics = new Metrics({ namespace });

function serialize({ by, counts = {}, milliseconds = {} }: Figures, stage: string) {
  // Powertools would add the name of a service, which is the same everywhere.
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ stage });
  for (const dimensions of by) metrics.addDimensions(dimensions);
  const add = (figures: Readonly<Record<string, number | null>>, unit: Unit) => {
    for (const [name, figure] of Object.entries(figures)) {
      if (figure !== null) metrics.addMetric(name, unit, figure);
    }
  };
  add(counts, MetricUnit.Count);
  add(milliseconds, MetricUnit.Milliseconds);
  const serialized = metrics.serializeMetrics();
  metrics.clearMetrics();
  metrics.clearDimensions();
  return serialized;
}
