// Reads a header that a signature depends on.

import { RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../event.ts';

/**
 * The value of a header that must be there exactly once.
 * @throws RejectedError signature_missing, header_duplicated
 */
export function soleHeader({ headers }: WebhookRequest, name: string): string {
  const value = headers[name]?.trim();
  if (!value) throw new RejectedError('signature_missing', `the header ${name} is missing`);
  // An HTTP API joins repeated headers with a comma, and none of the values read here has one of its own:
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
  if (value.includes(','))
    throw new RejectedError('header_duplicated', `the header ${name} is there more than once`);
  return value;
}
