// Keycloak, from its distribution in Maven Central; Java 21 or newer, by JAVA_HOME.

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { keycloakDirectory } from '../../lib/providers/keycloak/directory.ts';
import { freePort } from './free-port.ts';
import { call, type Partner, type RealUser, run, serveUntil } from './partner.ts';

const version = '26.7.3';
const [admin, password] = ['admin', 'of-this-machine-alone'];

export const keycloak: Partner = {
  name: 'keycloak',
  directory: keycloakDirectory,
  needs: [
    { command: ['mvn', '--version'], why: 'Maven brings the distribution' },
    { command: ['java', '--version'], why: 'Java 21 or newer runs it (JAVA_HOME says which)' },
  ],
  cannotTell: [],
  async start(folder) {
    const home = join(folder, `keycloak-${version}`);
    if (!existsSync(home)) {
      const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:zip`;
      run(['mvn', '-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`], folder);
      run(['jar', 'xf', `keycloak-quarkus-dist-${version}.zip`], folder);
    }
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const stop = await serveUntil(
      ['sh', 'bin/kc.sh', 'start-dev', `--http-port=${port}`, '--http-host=127.0.0.1', '--db=dev-mem'],
      {
        folder: home,
        environment: { KC_BOOTSTRAP_ADMIN_USERNAME: admin, KC_BOOTSTRAP_ADMIN_PASSWORD: password },
        url: `${url}/realms/master`,
      },
    );
    const api = adminOf(url);
    const client = await makeRealm(api);
    return {
      environment: { KEYCLOAK_URL: url, KEYCLOAK_REALM: 'app', ...client },
      create: async (user) => {
        const { headers } = await api('/app/users', 'POST', { username: user.email, ...toUser(user) });
        return headers.get('location')?.split('/').at(-1) ?? '';
      },
      change: async (id, user) => {
        await api(`/app/users/${id}`, 'PUT', toUser(user));
      },
      remove: async (id) => {
        await api(`/app/users/${id}`, 'DELETE');
      },
      stop,
    };
  },
};

type Api = ReturnType<typeof adminOf>;

function adminOf(url: string) {
  return async (path: string, method = 'GET', body?: unknown) => {
    const form = { grant_type: 'password', client_id: 'admin-cli', username: admin, password };
    const answer = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    const { access_token } = (await answer.json()) as { readonly access_token: string };
    const headers = { authorization: `Bearer ${access_token}` };
    return call(`${url}/admin/realms${path}`, { method, headers, body });
  };
}

/** A realm, and a client whose service account may view users, and no more. */
async function makeRealm(api: Api): Promise<Readonly<Record<string, string>>> {
  await api('', 'POST', { realm: 'app', enabled: true });
  const secret = randomUUID();
  const client = { clientId: 'roq-sync', secret, serviceAccountsEnabled: true, publicClient: false };
  const { headers } = await api('/app/clients', 'POST', client);
  const id = headers.get('location')?.split('/').at(-1) ?? '';
  const { json: account } = await api(`/app/clients/${id}/service-account-user`);
  const management = await list(api, '/app/clients?clientId=realm-management');
  const role = await api(`/app/clients/${management}/roles/view-users`);
  await api(`/app/users/${String(account.id)}/role-mappings/clients/${management}`, 'POST', [role.json]);
  return { KEYCLOAK_CLIENT_ID: 'roq-sync', KEYCLOAK_CLIENT_SECRET: secret };
}

/** The id of the only one that a list has. */
async function list(api: Api, path: string): Promise<string> {
  const { json } = await api(path);
  return String((json as unknown as readonly { readonly id: string }[])[0]?.id);
}

function toUser({ email, firstName, lastName, verified, disabled }: RealUser): object {
  return { email, firstName, lastName, emailVerified: verified, enabled: !disabled };
}
