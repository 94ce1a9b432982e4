// What Lambda's Node runtime does around a function: loads its bundle, asks the Runtime API for the next event, and hands
// back what the handler answers or throws. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

import { createRequire } from 'node:module';
import { join } from 'node:path';

type Handler = (event: unknown, context: object) => Promise<unknown>;

const { AWS_LAMBDA_RUNTIME_API = '', LAMBDA_TASK_ROOT = '', _HANDLER = '' } = process.env;
const api = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

await main();

async function main(): Promise<void> {
  const handler = await load();
  for (;;) {
    const next = await fetch(`${api}/invocation/next`);
    const id = next.headers.get('lambda-runtime-aws-request-id') ?? '';
    const deadlineMs = Number(next.headers.get('lambda-runtime-deadline-ms'));
    const event = await next.json();
    try {
      const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadlineMs - Date.now() };
      await post(`invocation/${id}/response`, await handler(event, context));
    } catch (error) {
      await post(`invocation/${id}/error`, toReport(error));
    }
  }
}

async function load(): Promise<Handler> {
  const [file = '', name = ''] = _HANDLER.split(/\.(?=\w+$)/);
  try {
    return createRequire(import.meta.url)(join(LAMBDA_TASK_ROOT, file))[name];
  } catch (error) {
    await post('init/error', toReport(error));
    process.exit(1);
  }
}

async function post(path: string, body: unknown): Promise<void> {
  const headers = { 'x-peak-kilobytes': String(process.resourceUsage().maxRSS) };
  await fetch(`${api}/${path}`, { method: 'POST', headers, body: JSON.stringify(body ?? null) });
}

function toReport(error: unknown): object {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { errorType: name, errorMessage: message };
}
