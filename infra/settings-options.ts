// The deployment's own options in a stage's settings: what of them can't work, before AWS is asked.

import * as v from 'valibot';

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

const number = (min: number, max: number) => {
  const message = `must be a number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.minValue(min, message), v.maxValue(max, message));
};
const flag = v.boolean('must be true or false, without quotes');
const isEmptyOr = (pattern: RegExp, message: string) =>
  v.pipe(
    v.string(message),
    v.check((text) => text === '' || pattern.test(text), message),
  );

/** One for every entry under `params` in serverless.yml. */
const schemas = {
  alarmEmail: isEmptyOr(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'must be an e-mail address'),
  entry: v.picklist(['httpApi', 'functionUrl'], 'must be httpApi or functionUrl'),
  domain: isEmptyOr(
    /^([a-z\d]([a-z\d-]*[a-z\d])?\.)+[a-z]{2,}$/i,
    'must be the name of a domain, as hooks.example.com, without https://',
  ),
  certificateId: v.custom<string>(
    (id) => id === 'none' || (typeof id === 'string' && uuid.test(id)),
    'must be the id of a certificate, which is what follows the last / of its ARN',
  ),
  throttlingRate: number(1, 10_000),
  throttlingBurst: number(1, 5_000),
  silenceHours: number(0, 8_760),
  usualRepairs: number(0, 1_000_000),
  usualMissed: number(0, 1_000_000),
  logRetentionDays: v.picklist(retentionDays, `must be one of ${retentionDays.join(', ')}`),
  reserveConcurrency: flag,
  secretsKeyId: isEmptyOr(
    /^([\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|mrk-[\da-f]{32})$/i,
    'must be the id of a KMS key, and neither its ARN nor an alias',
  ),
  xray: flag,
};

/** What is wrong with these options, each with its name. */
export function wrongOptions(options: Readonly<Record<string, unknown>>): readonly string[] {
  const known = Object.keys(schemas);
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  const parsed = v.safeParse(v.partial(v.object(schemas)), options);
  return [
    ...unknown.map((name) => `${name} is none of ${known.join(', ')}, environment, directory, mapping`),
    ...(parsed.issues ?? []).map((issue) => `${v.getDotPath(issue)} ${issue.message}`),
    ...contradictions(options),
  ];
}

function contradictions({
  entry = 'httpApi',
  domain,
  certificateId,
}: Readonly<Record<string, unknown>>): readonly string[] {
  const hasCertificate = certificateId !== undefined && certificateId !== 'none';
  return [
    ...(domain && entry === 'functionUrl' ? ['domain goes with entry: httpApi alone'] : []),
    ...(domain && !hasCertificate ? ['domain needs certificateId'] : []),
    ...(!domain && hasCertificate ? ['certificateId needs domain'] : []),
  ];
}
