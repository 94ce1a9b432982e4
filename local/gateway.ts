// API Gateway's HTTP API: an HTTP request as an event of payload format 2.0, and a function's result as a response.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

export type Response = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
};

/** The path parameters where `route` fits the request, otherwise undefined. */
export function matchRoute(route: string, request: IncomingMessage): Record<string, string> | undefined {
  const [method, template = ''] = route.split(' ');
  if (request.method !== method) return undefined;
  const segments = urlOf(request).pathname.split('/');
  const names = template.split('/');
  if (segments.length !== names.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const segment = segments[index] ?? '';
    if (!/^\{\w+\}$/.test(name)) {
      if (name !== segment) return undefined;
    } else if (segment === '') return undefined;
    else parameters[name.slice(1, -1)] = decode(segment);
  }
  return parameters;
}

/** The event that a function behind `route` is given. */
export function toEvent(
  request: IncomingMessage,
  body: Buffer,
  route: string,
  pathParameters: Record<string, string>,
): APIGatewayProxyEventV2 {
  const { pathname: path, search, searchParams } = urlOf(request);
  const { cookies, headers } = readHeaders(request);
  const isBase64Encoded = body.length > 0 && !isText(headers['content-type']);
  const sourceIp = request.socket.remoteAddress ?? '';
  const query = joinRepeats([...searchParams]);
  const now = new Date();
  return {
    version: '2.0',
    routeKey: route,
    rawPath: path,
    rawQueryString: search.slice(1),
    ...(cookies.length > 0 && { cookies }),
    headers: {
      ...headers,
      'x-forwarded-for': sourceIp,
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
    },
    ...(searchParams.size > 0 && { queryStringParameters: query }),
    ...(Object.keys(pathParameters).length > 0 && { pathParameters }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: headers.host ?? '',
      domainPrefix: 'local',
      http: {
        method: request.method ?? '',
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: route,
      stage: '$default',
      time: logTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
}

/**
 * What the caller is answered for a function's result.
 * A result without `statusCode` is itself the body; one whose `statusCode` is no status is undefined.
 */
export function toResponse(result: unknown): Response | undefined {
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) return json(200, result);
  const { statusCode, headers, cookies, body, isBase64Encoded } = result as Record<string, unknown>;
  if (typeof statusCode !== 'number' || !(statusCode >= 100 && statusCode <= 599)) return undefined;
  if (body !== undefined && body !== null && typeof body !== 'string') return undefined;
  const own = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    statusCode,
    headers: {
      'content-type': 'text/plain;charset=UTF-8',
      ...Object.fromEntries(own),
      ...(Array.isArray(cookies) && { 'set-cookie': cookies.map(String) }),
    },
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

/** A response in JSON, as the gateway's own are. */
export function json(statusCode: number, body: unknown): Response {
  const headers = { 'content-type': 'application/json' };
  return { statusCode, headers, body: Buffer.from(JSON.stringify(body)) };
}

function urlOf(request: IncomingMessage): URL {
  return new URL(`http://local${request.url}`);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return segment;
    throw error;
  }
}

// AWS doesn't publish which types count as text. Measured on a real HTTP API: these, and nothing else; a body
// without a type and a form arrive as base64. https://github.com/ministackorg/ministack/pull/766
function isText(contentType = ''): boolean {
  const [type = ''] = contentType.toLowerCase().split(';');
  return /^(text\/.+|application\/(json|xml|javascript))$/.test(type.trim());
}

function readHeaders({ rawHeaders }: IncomingMessage) {
  const pairs: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    pairs.push([(rawHeaders[index] ?? '').toLowerCase(), rawHeaders[index + 1] ?? '']);
  }
  const cookies = pairs.filter(([name]) => name === 'cookie').flatMap(([, value]) => value.split(/; */));
  return { cookies, headers: joinRepeats(pairs.filter(([name]) => name !== 'cookie')) };
}

function joinRepeats(pairs: readonly [string, string][]): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of pairs) {
    const known = joined.get(name);
    joined.set(name, known === undefined ? value : `${known},${value}`);
  }
  return Object.fromEntries(joined);
}

// As in access logs: 24/Nov/2026:01:02:03 +0000
function logTime(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(/[, ]+/);
  return `${day}/${month}/${year}:${time} +0000`;
}
