// Cognito as moto has it, from the Python Package Index: not AWS' own, but others' reading of its interface.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cognitoDirectory } from '../../lib/providers/cognito/directory.ts';
import { freePort } from './free-port.ts';
import { type Partner, type RealUser, run, serveUntil } from './partner.ts';

export const cognito: Partner = {
  name: 'cognito',
  directory: cognitoDirectory,
  needs: [{ command: ['python3', '-m', 'pip', '--version'], why: 'pip brings moto' }],
  cannotTell: [],
  async start(folder) {
    if (!existsSync(join(folder, 'moto')))
      run(['python3', '-m', 'pip', 'install', '--quiet', '--target', '.', 'moto[cognitoidp,server]'], folder);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const stop = await serveUntil(['python3', '-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
      folder,
      environment: { PYTHONPATH: folder },
      url: `${url}/moto-api/`,
    });
    const { UserPool } = await api(url, 'CreateUserPool', { PoolName: 'app' });
    const { Id: UserPoolId } = UserPool as { readonly Id: string };
    // The pool's own names are the addresses they began with.
    const names = new Map<string, string>();
    const change = async (Username: string, user: RealUser) => {
      const UserAttributes = toAttributes(user);
      await api(url, 'AdminUpdateUserAttributes', { UserPoolId, Username, UserAttributes });
      await api(url, user.disabled ? 'AdminDisableUser' : 'AdminEnableUser', { UserPoolId, Username });
    };
    return {
      environment: { COGNITO_API_URL: url, COGNITO_USER_POOL_IDS: UserPoolId },
      create: async (user) => {
        const Username = user.email;
        const input = { UserPoolId, Username, UserAttributes: toAttributes(user) };
        const { User } = await api(url, 'AdminCreateUser', input);
        const { Attributes } = User as {
          readonly Attributes: readonly { readonly Name: string; readonly Value: string }[];
        };
        const sub = Attributes.find(({ Name }) => Name === 'sub')?.Value ?? '';
        names.set(sub, Username);
        await change(Username, user);
        return sub;
      },
      change: (sub, user) => change(names.get(sub) ?? '', user),
      remove: async (sub) => {
        await api(url, 'AdminDeleteUser', { UserPoolId, Username: names.get(sub) ?? '' });
      },
      stop,
    };
  },
};

async function api(
  url: string,
  operation: string,
  input: object,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(input),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${operation}: ${response.status} ${text.slice(0, 500)}`);
  return text ? JSON.parse(text) : {};
}

function toAttributes({ email, firstName, lastName, verified }: RealUser): object {
  const attributes = {
    email,
    given_name: firstName,
    family_name: lastName,
    email_verified: String(verified),
  };
  return Object.entries(attributes).map(([Name, Value]) => ({ Name, Value }));
}
