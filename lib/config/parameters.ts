// Settings that stand in SSM Parameter Store, and secrets of Secrets Manager by way of it: read at run time, so that a
// new value needs no deployment. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html

import { AwsClient } from 'aws4fetch';
import { ConfigError, UnavailableError } from '../errors.ts';
import type { Environment } from './settings.ts';

/** A setting's value that begins so is the name of a parameter which holds the value. */
const prefix = 'ssm:';

// What one call takes.
const maxNames = 10;

const timeoutMs = 2_000;

/** How old a value may be before it is read again. */
export const freshMs = 60_000;

/** Whether anything of it stands elsewhere. */
export function hasParameters(environment: Environment): boolean {
  return Object.values(environment).some((value) => value?.startsWith(prefix));
}

/**
 * The environment with every `ssm:NAME` replaced by the parameter of that name.
 * @throws ConfigError naming the settings whose parameter does not exist; UnavailableError `settings_unavailable`
 */
export async function readParameters(environment: Environment): Promise<Environment> {
  const wanted = Object.entries(environment).flatMap(([setting, value]) =>
    value?.startsWith(prefix) ? [[setting, value.slice(prefix.length)] as const] : [],
  );
  const values = await getParameters([...new Set(wanted.map(([, name]) => name))]);
  const faults = wanted.filter(([, name]) => !values.has(name));
  if (faults.length > 0) {
    throw new ConfigError(faults.map(([setting, name]) => `${setting} names ${name}, which is no parameter`));
  }
  return {
    ...environment,
    ...Object.fromEntries(wanted.map(([setting, name]) => [setting, values.get(name)])),
  };
}

async function getParameters(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const parts = Array.from({ length: Math.ceil(names.length / maxNames) }, (_, i) =>
    names.slice(i * maxNames, (i + 1) * maxNames),
  );
  return new Map((await Promise.all(parts.map(getSome))).flat());
}

type Answer = {
  readonly Parameters?: readonly { readonly Name: string; readonly Value: string }[];
  readonly __type?: string;
};

async function getSome(
  names: readonly string[],
): Promise<readonly (readonly [name: string, value: string])[]> {
  try {
    const response = await signed().fetch(endpoint(), {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameters' },
      body: JSON.stringify({ Names: names, WithDecryption: true }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { Parameters = [], __type: type } = (await response.json()) as Answer;
    if (!response.ok) throw refused(type);
    return Parameters.map(({ Name, Value }) => [Name, Value] as const);
  } catch (cause) {
    throw new UnavailableError('settings_unavailable', 'the parameters could not be read', { cause });
  }
}

// Of a cause, its name is all that is logged: AWS's own, such as AccessDeniedException.
function refused(type = 'Error'): Error {
  return Object.assign(new Error('AWS refuses it'), { name: type.split('#').at(-1) });
}

// What Lambda gives a function in its environment; it is renewed there, so it is read each time.
function signed(): AwsClient {
  const {
    AWS_ACCESS_KEY_ID = '',
    AWS_SECRET_ACCESS_KEY = '',
    AWS_SESSION_TOKEN,
    AWS_REGION = '',
  } = process.env;
  return new AwsClient({
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    region: AWS_REGION,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
    service: 'ssm',
    retries: 1,
  });
}

function endpoint(): string {
  const { AWS_ENDPOINT_URL_SSM, AWS_REGION } = process.env;
  return AWS_ENDPOINT_URL_SSM ?? `https://ssm.${AWS_REGION}.amazonaws.com/`;
}
