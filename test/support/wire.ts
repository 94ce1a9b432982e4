// Between the functions and AWS: DynamoDB is passed on, Parameter Store is answered here, and every call is noted by who
// made it.

import { answerJson, readBody, serve } from '../../local/server.ts';

export type Wire = Awaited<ReturnType<typeof startWire>>;

/** The caller is told by its access key id. Calls are noted as roles name them: `dynamodb:GetItem users`. */
export async function startWire(dynamoDbUrl: string, parameters: Readonly<Record<string, string>>) {
  const calls = new Map<string, Set<string>>();
  let isSilent = false;
  const server = await serve(0, async (request, response) => {
    const body = await readBody(request, 20_000_000);
    if (isSilent) return;
    const target = String(request.headers['x-amz-target']);
    const caller = /Credential=([^/]+)/.exec(String(request.headers.authorization))?.[1] ?? '';
    const input = JSON.parse(body.toString());
    const made = calls.get(caller) ?? new Set();
    calls.set(caller, made);
    if (target === 'AmazonSSM.GetParameters') {
      for (const name of input.Names as string[]) made.add(`ssm:GetParameters ${name}`);
      const found = (input.Names as string[]).filter((name) => name in parameters);
      return answerJson(response, 200, {
        Parameters: found.map((Name) => ({ Name, Value: parameters[Name] })),
      });
    }
    const operation = target.split('.').at(-1);
    for (const resource of resourcesOf(input)) made.add(`dynamodb:${operation} ${resource}`);
    const passed = Object.entries(request.headers).filter(([name]) =>
      /^(authorization|content-type|x-amz-)/.test(name),
    );
    const headers = passed.map(([name, value]): [string, string] => [name, String(value)]);
    const answer = await fetch(dynamoDbUrl, { method: 'POST', headers, body: body.toString() });
    response
      .writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' })
      .end(await answer.text());
  });
  return {
    url: server.url,
    close: server.close,
    /** Takes calls from now on without ever answering them. */
    silence: (is: boolean) => {
      isSilent = is;
    },
    callsOf: (caller: string) => [...(calls.get(caller) ?? [])],
  };
}

type Input = {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
};

function resourcesOf({ TableName = '', IndexName, RequestItems }: Input): readonly string[] {
  if (RequestItems) return Object.keys(RequestItems);
  return [IndexName ? `${TableName}/index/${IndexName}` : TableName];
}
