// Ory Kratos, built from its sources, which come from the Go module proxy, with SQLite in memory.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kratosDirectory } from '../../lib/providers/kratos/directory.ts';
import { freePort } from './free-port.ts';
import { call, type Partner, type RealUser, run, serveUntil } from './partner.ts';

const version = 'v1.3.1';

export const kratos: Partner = {
  name: 'kratos',
  directory: kratosDirectory,
  needs: [
    { command: ['go', 'version'], why: 'Go builds it' },
    { command: ['gcc', '--version'], why: 'SQLite is written in C' },
  ],
  cannotTell: [],
  async start(folder) {
    const program = join(folder, 'kratos');
    if (!existsSync(program)) build(folder, program);
    const [publicPort, adminPort] = [await freePort(), await freePort()];
    writeFileSync(join(folder, 'identity.schema.json'), JSON.stringify(schema));
    writeFileSync(join(folder, 'kratos.json'), JSON.stringify(toConfig(folder, publicPort, adminPort)));
    const url = `http://127.0.0.1:${adminPort}`;
    const stop = await serveUntil([program, 'serve', '--dev', '--config', 'kratos.json'], {
      folder,
      // In memory, it sets its tables up by itself.
      environment: { DSN: 'memory' },
      url: `${url}/health/ready`,
    });
    return {
      environment: { KRATOS_ADMIN_URL: url },
      create: async (user) => {
        const { json } = await call(`${url}/admin/identities`, { method: 'POST', body: toIdentity(user) });
        return String(json.id);
      },
      change: async (id, user) => {
        await call(`${url}/admin/identities/${id}`, { method: 'PUT', body: toIdentity(user) });
        // The address is kept with its verification unless it changes.
        const path = '/verifiable_addresses/0';
        const patch = [
          { op: 'replace', path: `${path}/verified`, value: user.verified },
          { op: 'replace', path: `${path}/status`, value: user.verified ? 'completed' : 'sent' },
        ];
        await call(`${url}/admin/identities/${id}`, { method: 'PATCH', body: patch });
      },
      remove: async (id) => {
        await call(`${url}/admin/identities/${id}`, { method: 'DELETE' });
      },
      stop,
    };
  },
};

/** Its module can't be installed by name, for it replaces others: it is built where a copy of it is. */
function build(folder: string, program: string): void {
  const { Dir } = JSON.parse(
    run(['go', 'mod', 'download', '-json', `github.com/ory/kratos@${version}`], folder),
  );
  const sources = join(folder, 'sources');
  run(['cp', '-r', String(Dir), sources], folder);
  run(['chmod', '-R', 'u+w', sources], folder);
  run(['go', 'build', '-tags', 'sqlite,json1', '-o', program, '.'], sources);
}

const schema = {
  $id: 'https://roq-sync.example/identity.schema.json',
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: {
          type: 'string',
          format: 'email',
          'ory.sh/kratos': {
            credentials: { password: { identifier: true } },
            verification: { via: 'email' },
          },
        },
        first_name: { type: 'string' },
        last_name: { type: 'string' },
      },
      required: ['email'],
    },
  },
};

function toConfig(folder: string, publicPort: number, adminPort: number): object {
  return {
    version,
    dsn: 'memory',
    serve: {
      public: { base_url: `http://127.0.0.1:${publicPort}/`, port: publicPort, host: '127.0.0.1' },
      admin: { base_url: `http://127.0.0.1:${adminPort}/`, port: adminPort, host: '127.0.0.1' },
    },
    selfservice: {
      default_browser_return_url: 'http://127.0.0.1/',
      methods: { password: { enabled: true } },
    },
    identity: {
      default_schema_id: 'default',
      schemas: [{ id: 'default', url: `file://${join(folder, 'identity.schema.json')}` }],
    },
    courier: { smtp: { connection_uri: 'smtp://127.0.0.1:9/' } },
    secrets: {
      cookie: ['a-secret-of-this-machine-alone-1'],
      cipher: ['a-secret-of-thirty-two-characters'.slice(0, 32)],
    },
  };
}

function toIdentity({ email, firstName, lastName, verified, disabled }: RealUser): object {
  const status = verified ? 'completed' : 'sent';
  return {
    schema_id: 'default',
    state: disabled ? 'inactive' : 'active',
    traits: { email, first_name: firstName, last_name: lastName },
    verifiable_addresses: [{ value: email, via: 'email', verified, status }],
  };
}
