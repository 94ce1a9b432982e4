// Google's own emulator of Firebase Authentication, from npm. It takes one token, and has no token endpoint.

import { generateKeyPairSync } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firebaseDirectory } from '../../lib/providers/firebase/directory.ts';
import { answerJson, serve } from '../../local/server.ts';
import { freePort } from './free-port.ts';
import { call, type Partner, type RealUser, run, serveUntil } from './partner.ts';

const project = 'demo-roq-sync';

export const firebase: Partner = {
  name: 'firebase',
  directory: firebaseDirectory,
  needs: [{ command: ['npm', '--version'], why: 'npm brings it' }],
  // One display name is all there is.
  cannotTell: ['firstName', 'lastName'],
  async start(folder) {
    if (!existsSync(join(folder, 'node_modules/firebase-tools')))
      run(['npm', 'install', '--prefix', '.', 'firebase-tools@15'], folder);
    const [port, hub, logging] = [await freePort(), await freePort(), await freePort()];
    const at = (number: number) => ({ host: '127.0.0.1', port: number });
    const emulators = { auth: at(port), hub: at(hub), logging: at(logging), ui: { enabled: false } };
    writeFileSync(join(folder, 'firebase.json'), JSON.stringify({ emulators }));
    const url = `http://127.0.0.1:${port}/identitytoolkit.googleapis.com`;
    const program = join(folder, 'node_modules/firebase-tools/lib/bin/firebase.js');
    const stop = await serveUntil(
      [process.execPath, program, 'emulators:start', '--only', 'auth', '--project', project],
      { folder, url: `http://127.0.0.1:${port}` },
    );
    const tokens = await serve(0, async (_, response) =>
      answerJson(response, 200, { access_token: 'owner', expires_in: 3600 }),
    );
    const headers = { authorization: 'Bearer owner' };
    const api = (path: string, body: unknown) =>
      call(`${url}/v1/projects/${project}/accounts${path}`, { method: 'POST', headers, body });
    return {
      environment: {
        FIREBASE_API_URL: url,
        FIREBASE_SERVICE_ACCOUNT: JSON.stringify(toKeyFile(`${tokens.url}/token`)),
      },
      create: async ({ email, verified, disabled }) => {
        const { json } = await api('', { email, emailVerified: verified, disabled });
        return String(json.localId);
      },
      change: async (localId, { email, verified, disabled }: RealUser) => {
        await api(':update', { localId, email, emailVerified: verified, disableUser: disabled });
      },
      remove: async (localId) => {
        await api(':delete', { localId });
      },
      stop: async () => {
        await Promise.all([stop(), tokens.close()]);
      },
    };
  },
};

function toKeyFile(tokenUrl: string): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    project_id: project,
    client_email: `roq-sync@${project}.iam.gserviceaccount.com`,
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: tokenUrl,
  };
}
