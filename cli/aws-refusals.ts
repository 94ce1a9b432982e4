// What AWS says when it turns a call of a function away, and what to do about it.
// https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html

import { isObject, parseJson } from '../lib/json.ts';
import { plain } from './words/plain.ts';

const remedies: Readonly<Record<string, string>> = {
  ExpiredTokenException:
    'Your AWS session is over: sign in again (aws sso login, say), and export the new credentials.',
  UnrecognizedClientException:
    'AWS does not know these credentials: see which are set (aws sts get-caller-identity), and that a session token goes with them.',
  InvalidSignatureException: 'The secret key does not fit, or the clock of this machine is wrong.',
  AccessDeniedException:
    'Your credentials may not call this function: they need lambda:InvokeFunction on it. See which account they are of by aws sts get-caller-identity.',
  ResourceNotFoundException:
    'There is no such function: see whether --stage and the region (--region, or AWS_REGION) are those of the deployment, and the credentials of its account.',
  TooManyRequestsException: 'Too many calls at once: try again later.',
};

/** AWS's own message and the remedy; `type` is of its header, which may bear more than the name. */
export function explainAws(type: string, body: string): string {
  const name = type.split(':', 1)[0] ?? '';
  const answer = parseJson(body);
  const said = isObject(answer) ? (answer.message ?? answer.Message) : undefined;
  const message = typeof said === 'string' ? ` AWS says: ${plain(said, 300)}` : '';
  return `${remedies[name] ?? ''}${message}`.trim();
}
