// Parameter Store by its wire contract: one call, JSON, ten names at most, those unknown named apart; all are refused for
// one that may not be read, and what is over the limit is turned away with a 400.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html

import { answerJson, readBody, serve } from '../../local/server.ts';

export type ParameterStore = Awaited<ReturnType<typeof startParameterStore>>;

type Request = { readonly authorization: string; readonly names: readonly string[] };

const unlimited = 1_000_000;

/** Also points this process at it, as Lambda's environment would. */
export async function startParameterStore() {
  const parameters = new Map<string, string>();
  const denied = new Set<string>();
  const requests: Request[] = [];
  let used = 0;
  let usedAtMs = 0;
  const state = {
    /** The name of the error that every call gets; null: none. */
    error: null as string | null,
    /** With which status. */
    status: 400,
    /** Calls that are taken: so many at once, and so many a second. */
    perSecond: unlimited,
  };

  const server = await serve(0, async (request, response) => {
    const { Names, WithDecryption } = JSON.parse((await readBody(request, 100_000)).toString());
    const names: readonly string[] = Names;
    requests.push({ authorization: request.headers.authorization ?? '', names });
    const refuse = (type: string, status = 400) =>
      answerJson(response, status, { __type: `com.amazonaws#${type}` });
    if (!takeToken()) return refuse('ThrottlingException');
    if (state.error) return refuse(state.error, state.status);
    const isRight = request.headers['x-amz-target'] === 'AmazonSSM.GetParameters' && WithDecryption;
    if (!isRight || names.length > 10) return refuse('ValidationException');
    if (names.some((name) => denied.has(name))) return refuse('AccessDeniedException');
    answerJson(response, 200, {
      Parameters: names
        .filter((name) => parameters.has(name))
        .map((Name) => ({ Name, Value: parameters.get(Name) })),
      InvalidParameters: names.filter((name) => !parameters.has(name)),
    });
  });

  // A bucket of tokens, as AWS's APIs have it.
  function takeToken(): boolean {
    const nowMs = performance.now();
    used = Math.max(0, used - (Math.max(0, nowMs - usedAtMs) / 1_000) * state.perSecond);
    usedAtMs = nowMs;
    if (used + 1 > state.perSecond) return false;
    used += 1;
    return true;
  }

  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SSM: server.url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });

  return {
    /** What is stored, to be changed at will. */
    parameters,
    /** Those that the caller may not read. */
    denied,
    requests,
    state,
    /** As it was at the beginning. */
    clear: () => {
      parameters.clear();
      denied.clear();
      requests.length = 0;
      used = 0;
      Object.assign(state, { error: null, status: 400, perSecond: unlimited });
    },
    close: () => server.close(),
  };
}
