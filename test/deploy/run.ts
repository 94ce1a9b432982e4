// `npm run test:deploy`: a deployment from its first day to its last, against an API like AWS's on this machine. What is
// deployed is run as Lambda runs it. Not part of `npm test`: it needs moto.

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { type SigningKeys, startSigningKeys } from '../../local/providers/keys.ts';
import { senders } from '../../local/providers/registry.ts';
import { type Sender, sampleUser } from '../../local/providers/sender.ts';
import { type RunningRoq, startRoq } from '../../local/roq.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { copyService, type Service } from '../support/packaged.ts';
import { startWire, type Wire } from '../support/wire.ts';
import { type Aws, credentials, type DeployedFunction, missing, region, startAws } from './aws.ts';
import { type Lambda, startLambda } from './lambda.ts';

const stage = 'rehearsal';
const mappedZone = 'Pacific/Chatham';
const clerkSecret = `/roq-sync/${stage}/webhook/CLERK_SECRETS`;
const userPoolId = `${region}_Abc123`;
const root = join(import.meta.dirname, '../..');

const awsEnvironment = {
  PATH: process.env.PATH ?? '',
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
};

type Parts = {
  readonly aws: Aws;
  readonly service: Service;
  readonly roq: RunningRoq;
  readonly wire: Wire;
  readonly lambda: Lambda;
  readonly keys: SigningKeys;
  /** What stands in Parameter Store. */
  readonly parameters: Record<string, string>;
  /** The secrets that senders sign by. */
  readonly secrets: Readonly<Record<string, string>>;
};

process.exitCode = await main();

async function main(): Promise<number> {
  const lacks = missing();
  if (lacks !== null) {
    console.error(lacks);
    return 2;
  }
  const [aws, service, roq, keys] = await Promise.all([
    startAws(),
    copyService(),
    startRoq(),
    startSigningKeys(),
  ]);
  const secrets = Object.assign(
    {},
    ...['generic', 'clerk'].map((name) => findSender(name).environment(keys)),
  );
  // Parameter Store is the wire's: only there is noted who reads what.
  const parameters: Record<string, string> = {
    [`/roq-sync/${stage}/core/ROQ_API_KEY`]: roq.apiKey,
    [`/roq-sync/${stage}/webhook/GENERIC_SECRETS`]: secrets.GENERIC_SECRETS,
  };
  const wire = await startWire(aws.url, parameters);
  const lambda = await startLambda(aws, service, wire.url);
  try {
    await rehearse({ aws, service, roq, wire, lambda, keys, secrets, parameters });
    say('All of it held.');
    return 0;
  } catch (error) {
    console.error(styleText('red', `✗ ${error instanceof Error ? error.message : error}`));
    return 1;
  } finally {
    await lambda.close();
    await Promise.all([wire.close(), roq.close(), keys.close()]);
    aws.stop();
    await service.remove();
  }
}

async function rehearse(parts: Parts): Promise<void> {
  await refusesToDeployTheExample(parts);
  const first = await deploysForTheFirstTime(parts);
  await answersEventsOf(parts, ['generic']);
  await refusesWhatIsUnsigned(parts);
  await isLookedAfter(parts);
  const keptFolder = await keepBundle(parts);
  const second = await addsCognitoAndAnotherProvider(parts);
  await waitsForALateSecret(parts);
  await answersEventsOf(parts, ['generic', 'clerk']);
  await answersWhileItIsUpdated(parts, first, second, keptFolder);
  await followsCognito(parts);
  await movesToItsOwnAddress(parts);
  await answersEventsOf(parts, ['generic', 'clerk']);
  followsTheMapping(parts);
  await passesItsSmokeTest(parts);
  await callsNothingThatItMayNot(parts);
  await isRemoved(parts);
}

async function refusesToDeployTheExample({ service, aws }: Parts): Promise<void> {
  const { code, output } = await serverless(service, aws, ['deploy', '--stage', 'dev']);
  check(
    code !== 0 && output.includes('There is no settings.dev.yml'),
    `the example is not deployed: ${tail(output)}`,
  );
  done('a stage without settings of its own is not deployed');
}

function generic(roq: RunningRoq): string {
  return `environment:
  ROQ_PLATFORM_URL: ${roq.url}
  ROQ_ENVIRONMENT_ID: ${roq.environmentId}
  ROQ_API_KEY: ssm:/roq-sync/${stage}/core/ROQ_API_KEY
  SHARED_REFERENCES: "true"
  GENERIC_SECRETS: ssm:/roq-sync/${stage}/webhook/GENERIC_SECRETS
`;
}

async function deploysForTheFirstTime(parts: Parts): Promise<ReadonlyMap<string, DeployedFunction>> {
  const output = await deploy(parts, `${generic(parts.roq)}  PROVIDERS: generic\n`);
  const listed = [...output.matchAll(/^ {2}(\w+): roq-sync-/gm)].map(([, name]) => name);
  check(
    !listed.includes('pull') && !listed.includes('cognito'),
    `functions that are not there are listed: ${listed}`,
  );
  const functions = await parts.lambda.load();
  check(
    [...functions.keys()].sort().join() === 'backfill,operate,reconcile,webhook',
    `there are ${[...functions.keys()]}`,
  );
  const { VERSION } = functions.get('operate')?.Environment.Variables ?? {};
  check(VERSION === packageJson.version, `it says that it is version ${VERSION}`);
  done(
    `deployed: ${[...functions.keys()].sort().join(', ')}, version ${VERSION}, each the zip that was packaged`,
  );
  return functions;
}

/** Signed up, verified and disabled, at the entry that there is. */
async function answersEventsOf(
  { lambda, roq, keys, secrets }: Parts,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    const reference = randomUUID();
    const kinds =
      name === 'clerk' ? ['user.created', 'user.updated-banned'] : ['user.signed_up', 'user.disabled'];
    for (const kind of kinds) {
      const answer = await lambda.call(
        'webhook',
        await toEvent(findSender(name), kind, reference, keys, secrets),
      );
      check(statusOf(answer) === 200, `${name} ${kind} is answered ${JSON.stringify(answer)}`);
    }
    const [user] = roq.users.filter((one) => one.reference === reference);
    check(user?.active === false, `ROQ does not follow ${name}`);
  }
  done(`signed events of ${names.join(' and ')} are followed by ROQ`);
}

async function refusesWhatIsUnsigned({ lambda, keys, secrets }: Parts): Promise<void> {
  const event = await toEvent(findSender('generic'), 'user.signed_up', 'x', keys, secrets);
  check(
    statusOf(await lambda.call('webhook', { ...event, headers: {} })) === 401,
    'an unsigned event is not refused',
  );
  done('an unsigned event is refused');
}

/** A secret that is put in place after the deployment, as where the provider makes it with the webhook. */
async function waitsForALateSecret({ lambda, keys, secrets, parameters }: Parts): Promise<void> {
  const answers = async () => {
    const [clerk, own] = await Promise.all([
      toEvent(findSender('clerk'), 'user.created', randomUUID(), keys, secrets),
      toEvent(findSender('generic'), 'user.signed_up', randomUUID(), keys, secrets),
    ]);
    return [
      statusOf(await lambda.call('webhook', clerk)),
      statusOf(await lambda.call('webhook', own)),
    ].join();
  };
  check((await answers()) === '503,200', `without Clerk’s secret the answers are ${await answers()}`);
  parameters[clerkSecret] = secrets.CLERK_SECRETS ?? '';
  await lambda.load();
  check((await answers()) === '200,200', `with it the answers are ${await answers()}`);
  done('a secret may come after the deployment: its provider is answered 503 until then, and the others 200');
}

async function isLookedAfter(parts: Parts): Promise<void> {
  await parts.lambda.call('reconcile', {});
  for (const line of [['doctor'], ['status'], ['pending'], ['find', 'ada@example.com'], ['jobs']]) {
    const { code, output } = await roqSync(parts, line);
    check(code === 0, `roq-sync ${line.join(' ')} ends with ${code}: ${tail(output)}`);
  }
  const { output } = await roqSync(parts, ['pull']);
  check(output.includes('pull'), `pull where nobody is asked: ${tail(output)}`);
  done('the command line: doctor, status, lists and find, over the deployed operate function');
}

/** The bundle of the webhook as it is now, for the time when the next one is deployed. */
async function keepBundle({ service }: Parts): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kept-webhook-'));
  // None stands above it that would say what kind of modules it has.
  await writeFile(join(folder, 'package.json'), '{}');
  await cp(await service.unpack('webhook'), folder, { recursive: true });
  return folder;
}

async function addsCognitoAndAnotherProvider(parts: Parts): Promise<ReadonlyMap<string, DeployedFunction>> {
  const settings = `${generic(parts.roq)}  PROVIDERS: generic clerk
  CLERK_SECRETS: ssm:${clerkSecret}
  COGNITO_USER_POOL_IDS: ${userPoolId} ${region}_Def456
directory:
  DIRECTORIES: cognito
`;
  await deploy(parts, settings);
  const functions = await parts.lambda.load();
  const grants = await parts.aws.grantsOf(functions.get('pull')?.Role ?? '');
  const pools = grants
    .filter(({ action }) => action === 'cognito-idp:ListUsers')
    .map(({ resource }) => resource);
  const areNamed = pools.length === 2 && pools.every((arn) => /:userpool\/eu-central-1_\w+$/.test(arn));
  check(areNamed, `the pools are ${pools}`);
  done('updated: one provider more, and Cognito, whose two pools the role names');
  return functions;
}

async function followsCognito({ lambda, roq }: Parts): Promise<void> {
  const sub = randomUUID();
  await lambda.call('cognito', {
    version: '1',
    region,
    userPoolId,
    userName: sub,
    triggerSource: 'PostConfirmation_ConfirmSignUp',
    request: { userAttributes: { sub, email: 'cleo@example.com', email_verified: 'true' } },
    response: {},
  });
  check(
    roq.users.some(({ reference, isOptedIn }) => reference === sub && isOptedIn),
    'ROQ does not follow Cognito',
  );
  done('a confirmed sign-up of Cognito is followed by ROQ');
}

async function movesToItsOwnAddress(parts: Parts): Promise<void> {
  const settings = `entry: functionUrl
${generic(parts.roq)}  PROVIDERS: generic clerk
  CLERK_SECRETS: ssm:${clerkSecret}
directory:
  DIRECTORIES: kratos
  KRATOS_ADMIN_URL: http://127.0.0.1:9
mapping:
  providers:
    clerk:
      timezone: "'${mappedZone}'"
`;
  const output = await deploy(parts, settings);
  check(!/^ {2}cognito: /m.test(output), 'cognito is listed, which is not there');
  await parts.lambda.load();
  done(
    'updated: a function URL in place of the HTTP API, Kratos is asked, Cognito is not, a field is mapped',
  );
}

function followsTheMapping({ roq }: Parts): void {
  const mapped = roq.users.filter(({ timezone }) => timezone === mappedZone);
  check(mapped.length === 1, `${mapped.length} users of ROQ have what the mapping says`);
  done('what the mapping says of Clerk’s users is in ROQ');
}

/** CloudFormation changes a function's code and its settings in two steps: each mix has to answer what both know. */
async function answersWhileItIsUpdated(
  { lambda, keys, secrets }: Parts,
  first: ReadonlyMap<string, DeployedFunction>,
  second: ReadonlyMap<string, DeployedFunction>,
  oldFolder: string,
): Promise<void> {
  const [before, after] = [first.get('webhook'), second.get('webhook')];
  check(before !== undefined && after !== undefined, 'there is no webhook');
  const mixes = [
    [
      'the old code with the new settings',
      await lambda.start('webhook', before, after.Environment.Variables, oldFolder),
    ],
    [
      'the new code with the old settings',
      await lambda.start('webhook', after, before.Environment.Variables),
    ],
  ] as const;
  for (const [what, runtime] of mixes) {
    const outcome = await runtime.invoke(
      await toEvent(findSender('generic'), 'user.signed_up', randomUUID(), keys, secrets),
    );
    check(
      outcome.is === 'returned' && statusOf(outcome.value) === 200,
      `${what}: ${JSON.stringify(outcome)}`,
    );
  }
  done('old code with new settings, and new code with old ones, answer what both know');
}

async function passesItsSmokeTest(parts: Parts): Promise<void> {
  const { code, output } = await roqSync(parts, ['smoke', `${parts.lambda.url}/webhooks/`], parts.secrets);
  check(code === 0, `smoke: ${tail(output)}`);
  done('npm run smoke: the whole way works');
}

async function callsNothingThatItMayNot({ aws, wire }: Parts): Promise<void> {
  const tables = await aws.tables();
  for (const [name, { Role }] of await aws.functions()) {
    const grants = await aws.grantsOf(Role);
    const isAllowed = (made: string) => {
      const [action = '', resource = ''] = made.split(' ');
      return grants.some((grant) => grant.action === action && fits(grant.resource, resource));
    };
    const forbidden = wire.callsOf(name).filter((made) => !isAllowed(made));
    check(forbidden.length === 0, `${name} makes calls that its role forbids: ${forbidden}`);
  }
  check(tables.length === 2, `there are ${tables.length} tables`);
  done('no function made a call that its role does not allow');
}

function fits(arn: string, resource: string): boolean {
  const name = arn.replace(/^arn:[^:]*:[^:]*:[^:]*:[^:]*:(table\/|parameter)?/, '');
  return name.endsWith('*') ? resource.startsWith(name.slice(0, -1)) : name === resource;
}

async function isRemoved({ service, aws }: Parts): Promise<void> {
  const { code, output } = await serverless(service, aws, ['remove', '--stage', stage]);
  check(code === 0, `remove: ${tail(output)}`);
  check((await aws.functions()).size === 0, 'functions stay');
  done(`removed; what stays: ${(await aws.tables()).length} tables`);
}

async function deploy({ service, aws }: Parts, settings: string): Promise<string> {
  await writeFile(join(service.folder, `settings.${stage}.yml`), settings);
  const { code, output } = await serverless(service, aws, ['deploy', '--stage', stage, '--verbose']);
  check(code === 0, `deploy: ${tail(output)}`);
  return output;
}

type Ran = { readonly code: number; readonly output: string };

function serverless({ folder }: Service, { url }: Aws, line: readonly string[]): Promise<Ran> {
  const environment = { ...awsEnvironment, AWS_ENDPOINT_URL: url, HOME: folder };
  return run(join(root, 'node_modules/.bin/serverless'), line, environment, folder);
}

function roqSync(
  { lambda }: Parts,
  line: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const environment = { ...awsEnvironment, ...more, AWS_ENDPOINT_URL_LAMBDA: lambda.url };
  const script = join(root, 'cli/roq-sync.js');
  return run(process.execPath, [script, ...line, '--stage', stage], environment, root);
}

function run(
  program: string,
  line: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(program, [...line], { env, cwd, maxBuffer: 10_000_000 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
      resolve({ code, output: stdout + stderr });
    });
  });
}

function findSender(name: string): Sender {
  const sender = senders.find((one) => one.name === name);
  if (!sender) throw new Error(`There is no sender ${name}`);
  return sender;
}

/** An event as API Gateway, or the function's own address, hands it over. */
async function toEvent(
  sender: Sender,
  kind: string,
  reference: string,
  keys: SigningKeys,
  environment: Readonly<Record<string, string>>,
) {
  const nowMs = Date.now();
  const payload = sender.examples[kind]?.payload(sampleUser(reference), nowMs) ?? {};
  const { headers, body } = await sender.sign(payload, { nowMs, environment, keys });
  return {
    version: '2.0',
    rawPath: `/webhooks/${sender.name}`,
    pathParameters: { provider: sender.name },
    requestContext: { http: { method: 'POST' } },
    headers,
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  };
}

function statusOf(answer: unknown): unknown {
  return typeof answer === 'object' && answer !== null && 'statusCode' in answer
    ? answer.statusCode
    : undefined;
}

/** @throws with what is wrong */
function check(isRight: boolean, wrong: string): asserts isRight {
  if (!isRight) throw new Error(wrong);
}

function tail(output: string): string {
  return output.trim().split('\n').slice(-30).join('\n');
}

function done(what: string): void {
  say(`${styleText('green', '✓')} ${what}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
