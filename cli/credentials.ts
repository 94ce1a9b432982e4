// AWS credentials: from the environment, or from the `aws` command, which knows profiles and single sign-on.
// https://docs.aws.amazon.com/cli/latest/reference/configure/export-credentials.html

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as v from 'valibot';
import type { AwsCredentials } from '../lib/http/aws-request.ts';
import { Refusal } from './refusal.ts';

const exported = v.object({
  AccessKeyId: v.string(),
  SecretAccessKey: v.string(),
  SessionToken: v.nullish(v.string()),
});

type Environment = Readonly<Record<string, string | undefined>>;

/** Finds credentials. @throws Refusal where there are none */
export async function readCredentials(environment: Environment): Promise<AwsCredentials> {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment;
  if (AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY) {
    return toCredentials(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN);
  }
  const { AccessKeyId, SecretAccessKey, SessionToken } = await askAws(environment);
  return toCredentials(AccessKeyId, SecretAccessKey, SessionToken);
}

async function askAws(env: Environment): Promise<v.InferOutput<typeof exported>> {
  try {
    const { stdout } = await promisify(execFile)('aws', ['configure', 'export-credentials'], { env });
    return v.parse(exported, JSON.parse(stdout));
  } catch {
    // The output of `aws` is not shown, since it may contain credentials.
    throw new Refusal(
      'unreachable',
      'There are no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or install the aws command and set AWS_PROFILE.',
      'no_credentials',
    );
  }
}

function toCredentials(
  accessKeyId: string,
  secretAccessKey: string,
  sessionToken: string | null | undefined,
): AwsCredentials {
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}
