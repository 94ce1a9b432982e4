// WorkOS' own emulator, from its npm package. It has users of AuthKit, who can't be disabled.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workosDirectory } from '../../lib/providers/workos/directory.ts';
import { freePort } from './free-port.ts';
import { call, type Partner, type RealUser, run, serveUntil } from './partner.ts';

const key = 'sk_test_default';

export const workos: Partner = {
  name: 'workos',
  directory: workosDirectory,
  needs: [{ command: ['npm', '--version'], why: 'npm brings it' }],
  cannotTell: ['disabled'],
  async start(folder) {
    if (!existsSync(join(folder, 'node_modules/workos')))
      run(['npm', 'install', '--prefix', '.', 'workos@0.14.0'], folder);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const program = `import { createEmulator } from 'workos/emulate';\nawait createEmulator({ port: ${port} });\n`;
    writeFileSync(join(folder, 'emulate.mjs'), program);
    const stop = await serveUntil([process.execPath, 'emulate.mjs'], { folder, url: `${url}/health` });
    const headers = { authorization: `Bearer ${key}` };
    const api = (path: string, method: string, body?: unknown) =>
      call(`${url}/user_management/users${path}`, { method, headers, body });
    return {
      environment: { WORKOS_API_URL: url, WORKOS_API_KEY: key },
      create: async (user) => {
        const { json } = await api('', 'POST', toUser(user));
        return String(json.id);
      },
      change: async (id, user) => {
        await api(`/${id}`, 'PUT', toUser(user));
      },
      remove: async (id) => {
        await api(`/${id}`, 'DELETE');
      },
      stop,
    };
  },
};

function toUser({ email, firstName, lastName, verified }: RealUser): object {
  return { email, first_name: firstName, last_name: lastName, email_verified: verified };
}
