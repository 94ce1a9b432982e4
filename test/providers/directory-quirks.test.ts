// What only one provider's directory does: each of these answers looks like another one, and must not be taken for it.

import { generateKeyPairSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { jwtVerify } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import { readSettings } from '../../lib/config/settings.ts';
import type { Directory } from '../../lib/directory.ts';
import { ConfigError } from '../../lib/errors.ts';
import { checkDirectory } from '../../lib/operate/directory-check.ts';
import { auth0Directory } from '../../lib/providers/auth0/directory.ts';
import { clerkDirectory } from '../../lib/providers/clerk/directory.ts';
import { cognitoDirectory } from '../../lib/providers/cognito/directory.ts';
import type { DirectoryProvider } from '../../lib/providers/directory.ts';
import { entraDirectory } from '../../lib/providers/entra/directory.ts';
import { firebaseDirectory } from '../../lib/providers/firebase/directory.ts';
import { keycloakDirectory } from '../../lib/providers/keycloak/directory.ts';
import { kratosDirectory } from '../../lib/providers/kratos/directory.ts';
import { oktaDirectory } from '../../lib/providers/okta/directory.ts';
import { supabaseDirectory } from '../../lib/providers/supabase/directory.ts';
import { workosDirectory } from '../../lib/providers/workos/directory.ts';
import { apiUser } from '../../local/providers/api.ts';
import { apis } from '../../local/providers/apis.ts';
import { kratosApi } from '../../local/providers/kratos/api.ts';
import { type RunningServer, readBody, serve } from '../../local/server.ts';

type Answer = { readonly status?: number; readonly body: unknown };
type Asked = {
  readonly path: string;
  readonly method: string;
  /** The operation of an AWS API, or the query. */
  readonly call: string;
  readonly body: string;
};
type Route = (asked: Asked) => Answer | null;

let server: RunningServer | null = null;
/** What is given to whoever asks for a token, and what they sent for it. */
let accessToken = 't';
const forms: URLSearchParams[] = [];

afterEach(async () => {
  await server?.close();
  server = null;
  accessToken = 't';
  forms.length = 0;
});

/** A directory whose API answers as the route says, and gives a token to whoever asks. */
async function connect(
  provider: DirectoryProvider,
  route: Route,
  settings: Readonly<Record<string, string>> = {},
): Promise<Directory> {
  const api = apis.find(({ name }) => name === provider.name);
  server = await serve(0, async (request, response) => {
    const body = (await readBody(request, 1_000_000)).toString();
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const call =
      String(request.headers['x-amz-target'] ?? query)
        .split('.')
        .at(-1) ?? '';
    const isToken = /token$/.test(path);
    if (isToken) forms.push(new URLSearchParams(body));
    const answer = isToken
      ? { body: { access_token: accessToken, expires_in: 300 } }
      : (route({ path, method: request.method ?? '', call, body }) ?? {
          status: 404,
          body: '<h1>Not Found</h1>',
        });
    const { status = 200 } = answer as Answer;
    if (Buffer.isBuffer(answer.body)) return void response.writeHead(status).end(answer.body);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  });
  return provider.connect(readSettings(provider.settings, { ...api?.environment(server.url), ...settings }));
}

function patience(): AbortSignal {
  return AbortSignal.timeout(5_000);
}

const id = '00000000-0000-4000-8000-000000000001';

describe('not gone is', () => {
  test.each<readonly [string, DirectoryProvider, string, Answer]>([
    [
      'who is looked for in a Keycloak realm that is not there',
      keycloakDirectory,
      id,
      { status: 404, body: { error: 'Realm not found.' } },
    ],
    [
      'who has an id that Supabase can’t read',
      supabaseDirectory,
      'x',
      { status: 404, body: { error_code: 'validation_failed' } },
    ],
    [
      'who has an id that is none of Kratos’, which looks for the nil UUID then',
      kratosDirectory,
      'user|1',
      { status: 404, body: { error: { code: 404, status: 'Not Found' } } },
    ],
    [
      'who is looked for at a path that Clerk does not have',
      clerkDirectory,
      'user_1',
      { status: 404, body: { errors: [{ code: 'not_found' }] } },
    ],
    [
      'who is looked for by a Cognito pool that is not there',
      cognitoDirectory,
      id,
      { status: 400, body: { __type: 'ResourceNotFoundException' } },
    ],
    [
      'who is looked for where something else answers than Identity Platform',
      firebaseDirectory,
      'u1',
      { body: { users: [] } },
    ],
    [
      'who is looked for at an endpoint that Okta does not have',
      oktaDirectory,
      '00u1',
      { status: 404, body: { errorCode: 'E0000022' } },
    ],
  ])('%s', async (_what, provider, reference, answer) => {
    const directory = await connect(provider, () => answer);
    await expect(directory.get(reference, patience())).rejects.toMatchObject({
      code: expect.stringMatching(/^directory_/),
    });
  });

  test('whom Entra has in the recycle bin: they are disabled', async () => {
    const notFound: Answer = { status: 404, body: { error: { code: 'Request_ResourceNotFound' } } };
    const isBinned: Route = ({ path }) => (path.includes('deletedItems') ? { body: { id } } : notFound);
    const directory = await connect(entraDirectory, isBinned);
    const { profile } = await directory.get(id, patience());
    expect(profile).toEqual({ reference: id, told: { disabled: true }, at: null, unread: [] });
    const gone = await connect(entraDirectory, () => notFound);
    expect((await gone.get(id, patience())).profile).toBeNull();
  });

  test('who was linked into another account of Auth0', async () => {
    const route =
      (others: readonly object[]): Route =>
      ({ path }) =>
        path === '/api/v2/users'
          ? { body: others }
          : { status: 404, body: { statusCode: 404, errorCode: 'inexistent_user' } };
    const linked = await connect(auth0Directory, route([{ user_id: 'auth0|2' }]));
    await expect(linked.get('google-oauth2|1', patience())).rejects.toMatchObject({
      code: 'directory_invalid',
    });
    const gone = await connect(auth0Directory, route([]));
    expect((await gone.get('google-oauth2|1', patience())).profile).toBeNull();
  });

  test('a federated user of Cognito, whom it knows by the user name alone', async () => {
    const attributes = [
      { Name: 'sub', Value: id },
      { Name: 'email', Value: 'ada@example.com' },
    ];
    const directory = await connect(cognitoDirectory, ({ call, body }) => {
      if (call === 'ListUsers')
        return { body: { Users: [{ Username: 'Google_1', Attributes: attributes }] } };
      return JSON.parse(body).Username === 'Google_1'
        ? { body: { Username: 'Google_1', UserAttributes: attributes, Enabled: true } }
        : { status: 400, body: { __type: 'UserNotFoundException' } };
    });
    const { profile } = await directory.get(id, patience());
    expect(profile).toMatchObject({ reference: id, told: { email: 'ada@example.com', disabled: false } });
  });
});

describe('an answer', () => {
  test.each<readonly [string, DirectoryProvider, Answer]>([
    ['Okta, which takes names for ids', oktaDirectory, { body: { id: '00u2', status: 'ACTIVE' } }],
    ['Entra, which does so too', entraDirectory, { body: { id: '2', mail: 'b@example.com' } }],
    ['Keycloak', keycloakDirectory, { body: { id: '2', enabled: true } }],
  ])('about another user than was asked for is none: %s', async (_who, provider, answer) => {
    const directory = await connect(provider, () => answer);
    await expect(directory.get('1', patience())).rejects.toMatchObject({ code: 'directory_invalid' });
  });

  test('whose state can’t be read tells nothing, and the other rows of its page tell all', async () => {
    const user = { ...apiUser(kratosApi, 1) };
    const row = (state: unknown) => ({ id: user.id, state, traits: { email: user.email } });
    const directory = await connect(kratosDirectory, () => ({ body: [row(7), row('inactive'), 'no row'] }));
    const page = await directory.list(null, patience());
    expect(page).toMatchObject({ unreadable: 2, profiles: [{ told: { disabled: true } }] });
  });

  test('of which no row can be read is none at all', async () => {
    const directory = await connect(kratosDirectory, () => ({ body: [{ uid: 1 }, { uid: 2 }] }));
    await expect(directory.list(null, patience())).rejects.toMatchObject({ code: 'directory_invalid' });
  });

  test('that is larger than any page is broken off', async () => {
    const directory = await connect(kratosDirectory, () => ({ body: `["${'x'.repeat(17 * 1024 * 1024)}"]` }));
    await expect(directory.list(null, patience())).rejects.toMatchObject({ code: 'directory_unavailable' });
  });
});

describe('the whole user', () => {
  test('of Keycloak is told what it leaves out as empty, attributes too', async () => {
    const directory = await connect(keycloakDirectory, () => ({
      body: { id, email: 'Ada@Example.com', emailVerified: true, enabled: true },
    }));
    const { profile } = await directory.get(id, patience());
    const empty = {
      firstName: null,
      lastName: null,
      phone: null,
      locale: null,
      timezone: null,
      avatarUrl: null,
    };
    expect(profile?.told).toEqual({
      ...empty,
      email: 'ada@example.com',
      emailVerified: true,
      disabled: false,
    });
  });

  test('of Keycloak is no client’s own account', async () => {
    const directory = await connect(keycloakDirectory, () => ({
      body: [{ id, username: 'service-account-x', enabled: true, serviceAccountClientId: 'x' }],
    }));
    expect(await directory.list(null, patience())).toMatchObject({ profiles: [], unreadable: 0 });
  });

  test('of Supabase is not banned once the ban is over, and deleted where it is so softly', async () => {
    const row = { id, email: 'ada@example.com', phone: '', updated_at: '2026-01-01T00:00:00Z' };
    const asked = async (members: object) => {
      const directory = await connect(supabaseDirectory, () => ({ body: { ...row, ...members } }));
      const { profile } = await directory.get(id, patience());
      await server?.close();
      return profile?.told;
    };
    expect(await asked({ banned_until: '2026-01-02T00:00:00Z' })).toMatchObject({ disabled: false });
    expect(await asked({ banned_until: '2126-01-02T00:00:00Z' })).toMatchObject({ disabled: true });
    expect(await asked({ deleted_at: '2026-01-02T00:00:00Z' })).toEqual({ deleted: true });
  });

  test('of Cognito who has not confirmed the sign-up is left alone', async () => {
    const Attributes = [{ Name: 'sub', Value: id }];
    const directory = await connect(cognitoDirectory, () => ({
      body: { Users: [{ Username: 'a', UserStatus: 'UNCONFIRMED', Attributes }] },
    }));
    expect(await directory.list(null, patience())).toMatchObject({ profiles: [], unreadable: 0, next: null });
  });
});

test('WorkOS lists the users of its directories after those of AuthKit, and tells of them who is disabled', async () => {
  const page = (data: readonly object[]) => ({ body: { data, list_metadata: { after: null } } });
  const member = {
    id: 'directory_user_1',
    email: 'ada@example.com',
    state: 'inactive',
    updated_at: '2026-01-01T00:00:00Z',
  };
  const route: Route = ({ path, call }) => {
    if (path === '/user_management/users') return page([{ id: 'user_1', email: 'ben@example.com' }]);
    if (path === '/directories') return page(call.includes('after') ? [] : [{ id: 'directory_1' }]);
    if (path === '/directory_users') return page(call.includes('directory=directory_1') ? [member] : []);
    return path.endsWith('/directory_user_1') ? { body: member } : null;
  };
  const directory = await connect(workosDirectory, route);
  const first = await directory.list(null, patience());
  const second = await directory.list(first.next, patience());
  expect(first.profiles.map(({ reference }) => reference)).toEqual(['user_1']);
  expect(second).toMatchObject({
    profiles: [{ reference: 'directory_user_1', told: { disabled: true } }],
    next: null,
  });
  expect((await directory.get('directory_user_1', patience())).profile?.told).toMatchObject({
    disabled: true,
  });
});

/** An access token of the form of a JWT, as servers give it out. */
function tokenOf(claims: object): string {
  const parts = [{ alg: 'RS256' }, claims, 0];
  return parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}

describe('what its credentials may', () => {
  test.each<readonly [string, DirectoryProvider, object, readonly string[]]>([
    [
      'Keycloak',
      keycloakDirectory,
      { resource_access: { 'realm-management': { roles: ['view-users'] }, account: { roles: ['x'] } } },
      ['view-users'],
    ],
    ['Entra', entraDirectory, { roles: ['User.Read.All'] }, ['User.Read.All']],
    ['Auth0', auth0Directory, { scope: 'read:users update:users' }, ['read:users', 'update:users']],
  ])('is said by a token of %s', async (_title, provider, claims, rights) => {
    const directory = await connect(provider, () => null);
    accessToken = tokenOf(claims);
    expect(await directory.rights?.()).toEqual(rights);
    const silent = await connect(provider, () => null);
    accessToken = 'opaque';
    expect(await silent.rights?.()).toBeNull();
  });

  test('is shown, and what it need not be allowed is something to mend', async () => {
    const check = async (claims: object) => {
      const directory = await connect(keycloakDirectory, () => ({ body: [] }));
      accessToken = tokenOf(claims);
      return (await checkDirectory(directory, keycloakDirectory)).at(-1);
    };
    const roles = (...names: string[]) => ({ resource_access: { 'realm-management': { roles: names } } });
    expect(await check(roles('view-users'))).toMatchObject({ ok: true, remedy: null });
    expect(await check(roles('view-users', 'manage-users'))).toEqual({
      check: 'Keycloak: rights',
      ok: true,
      detail: 'may more than it needs: manage-users',
      remedy: expect.stringMatching(/^Take away/),
    });
  });
});

describe('an app of Okta’s', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const app = {
    OKTA_API_TOKEN: '',
    OKTA_CLIENT_ID: '0oa1',
    OKTA_PRIVATE_KEY: JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'key-1' }),
  };

  test('makes itself known by its key, and asks for no more than to read users', async () => {
    const directory = await connect(oktaDirectory, () => ({ body: [] }), app);
    accessToken = tokenOf({ scp: ['okta.users.read'] });
    await directory.list(null, patience());
    await directory.list(null, patience());
    expect(forms).toHaveLength(1);
    const form = Object.fromEntries(forms[0] ?? []);
    expect(form).toEqual({
      grant_type: 'client_credentials',
      scope: 'okta.users.read',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: expect.any(String),
    });
    const { payload, protectedHeader } = await jwtVerify(form.client_assertion ?? '', publicKey, {
      issuer: '0oa1',
      subject: '0oa1',
      audience: `${server?.url}/oauth2/v1/token`,
      requiredClaims: ['jti', 'exp'],
    });
    expect(protectedHeader.kid).toBe('key-1');
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(3600);
    expect(await directory.rights?.()).toEqual(['okta.users.read']);
  });

  test.each([
    ['a token beside it', { OKTA_API_TOKEN: 'token-of-an-administrator' }],
    ['no key', { OKTA_PRIVATE_KEY: '' }],
    ['a key that is none', { OKTA_PRIVATE_KEY: '-----BEGIN PRIVATE KEY-----' }],
    ['a public key', { OKTA_PRIVATE_KEY: JSON.stringify(publicKey.export({ format: 'jwk' })) }],
  ])('is refused with %s, before anything is asked', async (_what, settings) => {
    const refused = connect(oktaDirectory, () => null, { ...app, ...settings });
    await expect(refused).rejects.toThrow(ConfigError);
  });
});

describe('Entra’s subscription', () => {
  const address = 'https://sync.example.com/webhooks/entra';
  const dayMs = 24 * 60 * 60_000;
  const listen = async (subscriptions: readonly object[], { refuses = false, isUrged = false } = {}) => {
    const changes: string[] = [];
    const api = { ENTRA_NOTIFICATION_URL: address, ENTRA_CLIENT_STATES: 'a-state-of-some-length' };
    const directory = await connect(
      entraDirectory,
      ({ path, method, body }) => {
        if (method === 'GET') return { body: { value: subscriptions } };
        changes.push(`${method} ${path} ${body}`);
        return refuses
          ? { status: 400, body: { error: { code: 'ValidationError' } } }
          : { status: 201, body: {} };
      },
      api,
    );
    await directory.listen?.(patience(), isUrged);
    return changes;
  };
  const ours = (endsInDays: number) => ({
    id: 'sub-1',
    resource: 'users',
    notificationUrl: address,
    expirationDateTime: new Date(Date.now() + endsInDays * dayMs).toISOString(),
  });

  test('is made where there is none of ours, and left alone while it lasts', async () => {
    const [made = '', ...more] = await listen([{ ...ours(20), notificationUrl: 'https://else.example' }]);
    expect(more).toEqual([]);
    const { expirationDateTime, ...body } = JSON.parse(made.replace('POST /v1.0/subscriptions ', ''));
    expect(body).toEqual({
      changeType: 'updated,deleted',
      resource: 'users',
      notificationUrl: address,
      lifecycleNotificationUrl: address,
      clientState: 'a-state-of-some-length',
    });
    expect(Date.parse(expirationDateTime) - Date.now()).toBeLessThan(29 * dayMs);
    expect(await listen([ours(8)])).toEqual([]);
  });

  test('is renewed a week before it ends, or as soon as Graph wants it, and what Graph does not take is no success', async () => {
    const renewed = [expect.stringMatching(/^PATCH \/v1\.0\/subscriptions\/sub-1 \{"expirationDateTime":"/)];
    expect(await listen([ours(6)])).toEqual(renewed);
    expect(await listen([ours(20)], { isUrged: true })).toEqual(renewed);
    await expect(listen([], { refuses: true })).rejects.toMatchObject({ code: 'directory_invalid' });
  });

  test('is nobody’s here unless both settings are there', async () => {
    const directory = await connect(entraDirectory, () => null);
    expect(directory.listen).toBeUndefined();
    await expect(connect(entraDirectory, () => null, { ENTRA_NOTIFICATION_URL: address })).rejects.toThrow(
      ConfigError,
    );
  });
});

describe('an export of Auth0', () => {
  const line = (n: number) =>
    `${JSON.stringify({ user_id: `auth0|${n}`, email: `u${n}@example.com`, updated_at: '2026-01-01T00:00:00Z' })}\n`;
  const route =
    (status: string, file: string | Buffer): Route =>
    ({ path }) => {
      if (path === '/api/v2/jobs/users-exports') return { body: { id: 'job_1' } };
      if (path === '/api/v2/jobs/job_1') return { body: { status, location: `${server?.url}/file` } };
      return path === '/file' ? { body: file } : null;
    };
  const read = async (directory: Directory) => {
    const begun = await directory.list(null, patience());
    expect(begun.profiles).toEqual([]);
    return directory.list(begun.next, patience());
  };

  test('is read as it comes, compressed or not', async () => {
    const text = `${line(1)}${line(2)}`;
    for (const file of [text, gzipSync(text)]) {
      const directory = await connect(auth0Directory, route('completed', file));
      expect(await read(directory)).toMatchObject({
        profiles: [{ reference: 'auth0|1' }, { reference: 'auth0|2' }],
        next: null,
      });
      await server?.close();
    }
  });

  test('that is not made yet shows nobody, and goes on', async () => {
    const directory = await connect(auth0Directory, route('processing', ''));
    const page = await read(directory);
    expect(page.profiles).toEqual([]);
    expect(page.next).not.toBeNull();
  });

  test.each<readonly [string, string, string | Buffer]>([
    ['has failed', 'failed', ''],
    ['breaks off', 'completed', gzipSync(line(1).repeat(1_000)).subarray(0, 60)],
  ])('that %s shows nobody to the end', async (_what, status, file) => {
    const directory = await connect(auth0Directory, route(status, file));
    await expect(read(directory)).rejects.toMatchObject({ code: expect.stringMatching(/^directory_/) });
  });
});

test('a service account’s key that is none is a fault of the settings', () => {
  const settings = { FIREBASE_SERVICE_ACCOUNT: '{"project_id":"p"}' };
  expect(() => firebaseDirectory.connect(readSettings(firebaseDirectory.settings, settings))).toThrow(
    ConfigError,
  );
});
