import { afterEach, describe, expect, test, vi } from 'vitest';
import { log } from '../../lib/observability/log.ts';
import { withMetrics } from '../../lib/observability/metrics.ts';
import { eventLine, gaugesLine, lines, rejectedLine } from '../support/lines.ts';

type Emf = Record<string, unknown> & {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
};

const place = { stage: 'prod', functionName: 'roq-sync-prod-webhook' };
const measured = (line: Parameters<typeof withMetrics>[0]) => withMetrics(line, place) as Emf;

/** `name{dimensions}`, as CloudWatch keeps them apart. */
function namesOf({ _aws }: Emf): string[] {
  return _aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name }) => Dimensions.map((names) => `${Name}{${names.join()}}`)),
  );
}

describe('a log line with figures', () => {
  test('is the line as it was, and the figures beside it', () => {
    expect(measured(eventLine)).toMatchObject({
      ...eventLine,
      stage: 'prod',
      Events: 1,
    });
  });

  test('counts an event by provider and outcome', () => {
    expect(namesOf(measured(eventLine))).toEqual(['Events{stage,provider,outcome}']);
  });

  test('counts a refused event by its code and over all codes', () => {
    expect(namesOf(measured(rejectedLine))).toEqual([
      'Events{stage,provider,outcome}',
      'Rejected{stage}',
      'Rejected{stage,code}',
    ]);
  });

  test('counts what nobody signed by its code too, and not among the refused ones', () => {
    const line = { ...rejectedLine, code: 'signature_missing', isUnsigned: true } as const;
    expect(namesOf(measured(line))).toEqual([
      'Events{stage,provider,outcome}',
      'Unsigned{stage}',
      'Unsigned{stage,code}',
    ]);
  });

  test('counts settings that can not work by their provider, and over all', () => {
    const line = { message: 'settings', provider: 'clerk', faults: ['wrong'], isKept: true } as const;
    const ofProvider = ['SettingsFaults{stage}', 'SettingsFaults{stage,provider}'];
    expect(namesOf(measured(line))).toEqual(ofProvider);
    expect(namesOf(measured({ ...line, provider: null }))).toEqual(['SettingsFaults{stage}']);
  });

  test('counts a call for a provider that there is not apart from the refused ones', () => {
    const line = { ...rejectedLine, provider: 'unknown', code: 'provider_unknown' } as const;
    expect(namesOf(measured(line))).toEqual(['Events{stage,provider,outcome}']);
  });

  test('tells how it stands with all users', () => {
    expect(measured(gaugesLine)).toMatchObject({
      Pending: 3,
      Waiting: 2,
      Parked: 1,
      Held: 0,
      HeldReminder: 0,
      OldestPendingMs: 90_000,
      Deactivations: 5,
      DeactivationCeiling: 25,
      LongestSilenceMs: 3_600_000,
    });
  });

  test('leaves out what is not known', () => {
    const line = measured({ ...gaugesLine, longestSilenceMs: null } as typeof gaugesLine);
    expect(namesOf(line)).not.toContain('LongestSilenceMs{stage}');
  });

  test.each(lines)('names each of its dimensions and figures in itself: $message $code', (line) => {
    const record = measured(line);
    for (const { Namespace, Dimensions, Metrics } of record._aws.CloudWatchMetrics) {
      expect(Namespace).toBe('roq-sync');
      for (const name of Dimensions.flat()) expect(record[name]).toEqual(expect.stringMatching(/./));
      for (const { Name } of Metrics) expect(record[Name]).toEqual(expect.any(Number));
    }
  });

  test('has neither user nor event among its dimensions', () => {
    const dimensions = lines
      .flatMap((line) => measured(line)._aws.CloudWatchMetrics)
      .flatMap((it) => it.Dimensions);
    const allowed = ['stage', 'provider', 'outcome', 'code', 'functionName'];
    expect(dimensions.flat().filter((name) => !allowed.includes(name))).toEqual([]);
  });
});

describe('what is written', () => {
  const written: string[] = [];
  const listen = () =>
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    written.length = 0;
  });

  test('is one line with its figures where it is deployed', () => {
    vi.stubEnv('STAGE', 'prod');
    listen();
    log(eventLine);
    expect(written).toHaveLength(1);
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ reference: 'u-1', Events: 1, _aws: {} });
  });

  test('is the line alone elsewhere, without what is null', () => {
    vi.stubEnv('STAGE', undefined);
    listen();
    log(eventLine);
    const { code, cause, ...told } = eventLine;
    expect([code, cause]).toEqual([null, null]);
    expect(JSON.parse(written[0] ?? '')).toEqual(told);
  });
});
