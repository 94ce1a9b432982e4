// Identity Platform's accounts, with a token of a service account first.
// https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/batchGet

import { createVerify, generateKeyPairSync, randomUUID } from 'node:crypto';
import type { ApiAnswer, ApiUser, ProviderApi } from '../api.ts';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const [projectId, clientEmail] = ['local-project', 'roq-sync@local-project.iam.gserviceaccount.com'];
const tokens = new Set<string>();

export const firebaseApi: ProviderApi = {
  name: 'firebase',
  setUp:
    'A service account of the project with the role `roles/firebaseauth.viewer`, and a JSON key of it, as a whole, in `FIREBASE_SERVICE_ACCOUNT`.',
  cannotSee: 'Users of the tenants of Identity Platform. A display name, which is not taken apart.',
  environment: (url) => ({
    FIREBASE_API_URL: url,
    FIREBASE_SERVICE_ACCOUNT: JSON.stringify({
      type: 'service_account',
      project_id: projectId,
      client_email: clientEmail,
      private_key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `${url}/token`,
    }),
  }),
  toId: (n) => `u${String(n).padStart(27, '0')}`,
  isList: ({ url }) => url.pathname.endsWith('accounts:batchGet'),
  throttled: (waitSeconds) => ({
    status: 429,
    body: { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } },
    headers: { 'retry-after': String(waitSeconds) },
  }),
  forbidden: failure(403, 'PERMISSION_DENIED'),
  answer: ({ url, headers, body }, users) => {
    if (url.pathname === '/token') return giveToken(url, body);
    if (!tokens.has(String(headers.authorization).replace(/^Bearer /, '')))
      return failure(401, 'UNAUTHENTICATED');
    const [, call] = new RegExp(`^/v1/projects/${projectId}/accounts:(\\w+)$`).exec(url.pathname) ?? [];
    if (call === 'lookup') {
      const { localId = [] } = JSON.parse(body.toString()) as { readonly localId?: readonly string[] };
      const found = users.filter(({ id }) => localId.includes(id)).map(toAccount);
      return {
        status: 200,
        body: { kind: 'identitytoolkit#GetAccountInfoResponse', ...(found[0] && { users: found }) },
      };
    }
    if (call !== 'batchGet') return failure(404, 'NOT_FOUND');
    const size = Math.min(Number(url.searchParams.get('maxResults') ?? 20), 1_000);
    const after = url.searchParams.get('nextPageToken') ?? '';
    const left = users.filter(({ id }) => id > after);
    const page = left.slice(0, size);
    return {
      status: 200,
      body: {
        kind: 'identitytoolkit#DownloadAccountResponse',
        ...(page[0] && { users: page.map(toAccount) }),
        ...(left.length > size && { nextPageToken: page.at(-1)?.id }),
      },
    };
  },
};

/** Only for a statement that the account's key signed, for this very endpoint. */
function giveToken({ href }: URL, body: Buffer): ApiAnswer {
  const form = new URLSearchParams(body.toString());
  const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
  const isSigned = createVerify('RSA-SHA256')
    .update(`${head}.${claims}`)
    .verify(keys.publicKey, Buffer.from(signature, 'base64url'));
  const { iss, aud } = isSigned ? JSON.parse(Buffer.from(claims, 'base64url').toString()) : {};
  if (iss !== clientEmail || aud !== href) return { status: 400, body: { error: 'invalid_grant' } };
  const token = randomUUID();
  tokens.add(token);
  return { status: 200, body: { access_token: token, expires_in: 3599, token_type: 'Bearer' } };
}

function failure(code: number, status: string): ApiAnswer {
  return { status: code, body: { error: { code, status, message: 'of the kind that Google writes' } } };
}

function toAccount(user: ApiUser): object {
  return {
    localId: user.id,
    email: user.email,
    ...(user.emailVerified && { emailVerified: true }),
    phoneNumber: user.phone,
    displayName: `${user.firstName} ${user.lastName}`,
    ...(user.disabled && { disabled: true }),
    createdAt: String(user.createdAtMs),
  };
}
