// Stands in for the AWS SDK's chain of credential sources in the bundle: Lambda has environment variables alone.

import { fromEnv } from '@aws-sdk/credential-provider-env';

/** Read once, as the chain does: they last as long as the environment. */
export function defaultProvider() {
  const read = fromEnv();
  let credentials: ReturnType<typeof read> | undefined;
  return () => (credentials ??= read());
}
