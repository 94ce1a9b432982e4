// Stands in for the AWS SDK's chain of credential sources in the bundle: Lambda has environment variables alone.

import { fromEnv } from '@aws-sdk/credential-provider-env';

export const defaultProvider = () => fromEnv();
