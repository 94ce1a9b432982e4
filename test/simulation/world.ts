// Our own functions, unchanged, in a world in memory: Lambda, DynamoDB and ROQ in virtual time.

import { inspect } from 'node:util';
import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type App, noteDuplicates, noteHeard, noteNotice, noteUsers } from '../../lib/app.ts';
import { createDocuments } from '../../lib/dynamodb/documents.ts';
import { createQueries } from '../../lib/dynamodb/queries.ts';
import type { Item } from '../../lib/dynamodb/record.ts';
import { createStore } from '../../lib/dynamodb/store.ts';
import { UnavailableError } from '../../lib/errors.ts';
import { createHandler as createBackfill } from '../../lib/handlers/backfill.ts';
import { createHandler as createOperate } from '../../lib/handlers/operate.ts';
import { createHandler as createReconcile } from '../../lib/handlers/reconcile.ts';
import { createHandler as createWebhook } from '../../lib/handlers/webhook.ts';
import { compileMapping } from '../../lib/mapping/compile.ts';
import { noMapping } from '../../lib/mapping/mapping.ts';
import type { LogLine } from '../../lib/observability/log-line.ts';
import { createRoq } from '../../lib/roq/client.ts';
import { createCeiling } from '../../lib/sync/ceiling.ts';
import type { Facts } from '../../lib/user.ts';
import type { RoqUser } from '../../local/roq-user.ts';
import type { Chance } from './chance.ts';
import type { Clock } from './clock.ts';
import { createEngine, stateShape, usersShape } from './dynamodb.ts';
import { canary, type History } from './history.ts';
import { createLambda, type Environment, type Result } from './lambda.ts';
import { connectProviders, type Posted } from './request.ts';
import { createSimulatedRoq, type RoqRequest, type Trouble, toText } from './roq.ts';

/** Who is of the group `out` is not mirrored; an event need not say of which group a user is, nor the surname. */
const mapped = compileMapping({
  providers: { generic: { lastName: 'lower(surname)', scope: "groups && groups == 'in'" } },
  tables: {},
});

export const usersTable = 'users';
export const stateTable = 'state';

// Base64 as it is.
const secrets = ['1', '2'].map((digit) => `whsec_${canary}${digit.repeat(38)}`);
const environmentId = 'environment';
const apiKey = `${canary}-api-key`;
const roqUrl = 'https://roq.example';
const attempts = 3;

export type Watch = {
  /** A change of these users is about to be sent to ROQ, by a process that took the lease of some of them. */
  readonly onSend: (references: readonly string[], isHolder: (reference: string) => boolean) => void;
  /** A process that took the lease of this record calls ROQ. */
  readonly onCall: (reference: string, hasRead: boolean) => void;
  /** A user's record was written; `isHolder`: by a process that took its lease. */
  readonly onWrite: (item: Item, isHolder: boolean) => void;
  /** A ROQ user was created (`before` null) or changed, by a request of ours. */
  readonly onChange: (before: RoqUser | null, after: RoqUser) => void;
  /** Something was written where people look at it. */
  readonly onText: (text: string) => void;
  /** A function threw what it should not. */
  readonly onThrow: (error: unknown) => void;
};

type Webhook = ReturnType<typeof createWebhook>;

export type World = ReturnType<typeof createWorld>;

export function createWorld(
  history: Omit<History, 'steps' | 'rates'>,
  clock: Clock,
  chance: Chance,
  watch: Watch,
) {
  const { ceiling, isShared, hasMapping, ways, tokenLifetimeMs, skewMs, lagMs, tellsItem } = history;
  const now = () => clock.nowMs;
  const order = chance.part('order');
  const roq = createSimulatedRoq({
    ...ways,
    now,
    random: () => order.next(),
    environmentId,
    apiKey,
    tokenLifetimeMs,
    onChange: watch.onChange,
  });
  /** Who took the lease of a record, and which process that was. */
  const holders = new Map<string, { readonly owner: string; readonly environment: Environment | null }>();
  let writing: Environment | null = null;
  const engine = createEngine(
    { [usersTable]: usersShape, [stateTable]: stateShape },
    {
      now,
      tellsItem,
      pageItems: 3,
      onWrite: (tableName, item) => tableName === usersTable && noteWrite(item),
      // A refusal that does not tell the item is followed by a read of it.
      onRefusal: (tableName, item) => tellsItem && tableName === usersTable && noteRead(item),
      onRead: (tableName, item) => tableName === usersTable && noteRead(item),
      lagMs: () => (lagMs === 0 ? 0 : chance.between(0, lagMs)),
      leavesUnread: () => chance.is(0.1),
    },
  );
  /** The secrets that our side knows, and the one that the sender signs with. */
  const keys = { known: [secrets[0] ?? ''], signing: secrets[0] ?? '' };
  const options = { clock, chance, skewMs: () => chance.between(-skewMs, skewMs) };
  const start =
    <Handler>(create: (app: App) => Handler) =>
    (environment: Environment) =>
      create(appIn(environment));
  const webhook = createLambda({ ...options, limitMs: 10_000, start: start(startWebhook) });
  const reconcile = createLambda({ ...options, limitMs: 55_000, start: start(createReconcile) });
  const backfill = createLambda({ ...options, limitMs: 900_000, start: start(createBackfill) });
  const operate = createLambda({ ...options, limitMs: 300_000, start: start(createOperate) });
  return { roq, engine, keys, secrets, webhook, reconcile, backfill, operate, check, write };

  /** Writes facts into a record that none of our functions folds. */
  async function write(reference: string, facts: Facts): Promise<void> {
    const client = {
      send: async (command: { readonly input: object }) => {
        writing = null;
        return engine.execute(operationOf(command), command.input) as never;
      },
    };
    const store = createStore({ client, tableName: usersTable, now });
    await store.fold(reference, facts, 'nobody', 0, { withoutLease: true });
  }

  /** What its holder reads of a record, or what stands against its write, it knows from then on. */
  function noteRead(item: Item): void {
    const reference = item.reference?.S ?? '';
    if (writing !== null && holders.get(reference)?.environment === writing) watch.onCall(reference, true);
  }

  function noteWrite(item: Item): void {
    const [reference = '', owner] = [item.reference?.S, item.owner?.S];
    if (owner && holders.get(reference)?.owner !== owner)
      holders.set(reference, { owner, environment: writing });
    watch.onWrite(item, holders.get(reference)?.environment === writing);
  }

  function startWebhook(app: App) {
    const handlers = new Map<string, Webhook>();
    return (posted: Posted, context: Parameters<Webhook>[1]) => {
      const known = keys.known.join(' ');
      const providers = connectProviders(keys.known);
      const handler =
        handlers.get(known) ??
        createWebhook(app, { providers, inlineBudgetMs: 2_000, isExclusive: !isShared });
      handlers.set(known, handler);
      return handler(toEvent(posted), context);
    };
  }

  function appIn(environment: Environment): App {
    const { now } = environment;
    const client = clientIn(environment);
    const wait = (ms: number) => environment.sleep(ms);
    const users = { client, tableName: usersTable, now, wait, random: () => chance.next() };
    const documents = createDocuments({ client, tableName: stateTable, now });
    const log = (line: LogLine) => watch.onText(JSON.stringify(line));
    const limits = { documents, now, limits: { count: ceiling, share: 0 } };
    return {
      store: createStore(users),
      queries: createQueries(users),
      documents,
      now,
      log,
      roq: createRoq({
        url: roqUrl,
        environmentId,
        apiKey,
        timeoutMs: 1_500,
        now,
        fetch: fetchIn(environment),
      }),
      limits: limits.limits,
      random: () => chance.next(),
      admit: createCeiling(limits),
      admitIn: (run) => createCeiling(limits, run),
      noteDuplicates: noteDuplicates(documents, log, now),
      noteHeard: noteHeard(documents, now),
      noteForeign: noteUsers(documents, now, 'foreign'),
      noteAsk: noteUsers(documents, now, 'ask'),
      noteNotice: noteNotice(documents, now),
      mapping: hasMapping ? mapped : noMapping,
      version: '0.0.0',
      prefixOf: () => '',
    };
  }

  /** The SDK's client as our code knows it: a call that fails is made again, three times in all. */
  function clientIn(environment: Environment): Pick<DynamoDBClient, 'send'> {
    return {
      send: async <Answer>(command: { readonly input: object }): Promise<Answer> => {
        const operation = operationOf(command);
        for (let attempt = 1; ; attempt++) {
          try {
            const answer = await environment.call('dynamodb', operation, () => {
              writing = environment;
              return engine.execute(operation, command.input);
            });
            return answer as Answer;
          } catch (error) {
            if (error instanceof ConditionalCheckFailedException || attempt === attempts) throw error;
            await environment.sleep(50 * attempt);
          }
        }
      },
    };
  }

  function fetchIn(environment: Environment): typeof fetch {
    return async (input, init) => {
      const { pathname: path } = new URL(String(input));
      const body = String(init?.body);
      const request = { path, headers: new Headers(init?.headers), body };
      const { references, changes } = roq.namedIn(request);
      if (changes)
        watch.onSend(references, (reference) => holders.get(reference)?.environment === environment);
      for (const [reference, holder] of holders) {
        if (holder.environment === environment) watch.onCall(reference, false);
      }
      return environment.call('roq', nameOf(request), (how) => answerOf(request, how), init?.signal);
    };
  }

  function answerOf(request: RoqRequest, how: string): Response {
    if (how === 'throttled') return new Response('{}', { status: 429, headers: { 'retry-after': '20' } });
    if (how === 'bad-gateway') return new Response('<html></html>', { status: 502 });
    if (how === 'expired') roq.expireTokens();
    const trouble = { how: how as Trouble['how'], failsAt: how === 'internal' ? chance.between(0, 2) : null };
    const { status, body } = roq.answer(request, trouble);
    return new Response(toText(body), { status, headers: { 'content-type': 'application/json' } });
  }

  /** What a function came to, having thrown nothing but that it could not reach something. */
  function check<Answer>(result: Result<Answer>): Answer | null {
    if (result.is === 'answered') {
      watch.onText(JSON.stringify(result.answer));
      return result.answer;
    }
    if (result.is === 'killed') return null;
    watch.onText(inspect(result.error, { depth: 8 }));
    if (!(result.error instanceof UnavailableError)) watch.onThrow(result.error);
    return null;
  }
}

function toEvent({ provider, headers, body }: Posted): Parameters<Webhook>[0] {
  const route = { routeKey: 'POST /webhooks/{provider}', stage: '$default' };
  const http = {
    method: 'POST',
    path: `/webhooks/${provider}`,
    protocol: 'HTTP/1.1',
    sourceIp: '',
    userAgent: '',
  };
  const ids = {
    accountId: '',
    apiId: '',
    domainName: '',
    domainPrefix: '',
    requestId: '',
    time: '',
    timeEpoch: 0,
  };
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: http.path,
    rawQueryString: '',
    isBase64Encoded: false,
    headers: { ...headers },
    body,
    pathParameters: { provider },
    requestContext: { ...route, ...ids, http },
  };
}

function operationOf(command: object): string {
  return command.constructor.name.replace('Command', '');
}

/** What a request asks for, in a word or two. */
function nameOf({ path, body }: RoqRequest): string {
  if (path.endsWith('/serviceAccount')) return 'token';
  return [...new Set(body.match(/\b(users|createUser|updateUser)(?=\()/g) ?? [])].join('+');
}
