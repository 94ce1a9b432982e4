// The headers by which AWS knows who asks. The signer is the SDK's own, which the client of DynamoDB brings along anyway.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html

import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from './sha256.ts';

export type AwsCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/** What Lambda gives a function in its environment; it is renewed there, so it is read each time. */
export function readOwnCredentials(): AwsCredentials {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN } = process.env;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  };
}

type AwsCall = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly service: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
};

/** The headers of a signed POST. */
export async function signForAws({
  url,
  headers,
  body,
  service,
  region,
  credentials,
}: AwsCall): Promise<Record<string, string>> {
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  const { protocol, hostname, host, port, pathname, searchParams } = url;
  const request = {
    method: 'POST',
    protocol,
    hostname,
    path: pathname,
    body,
    ...(port && { port: Number(port) }),
    query: Object.fromEntries(searchParams),
    headers: { ...headers, host },
  };
  // fetch and Node set the host themselves.
  const { host: _, ...signed } = (await signer.sign(request)).headers;
  return signed;
}
