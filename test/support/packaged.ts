// What `npm run package` makes of a stage, in a folder of its own: neither a run beside this one nor a developer's own
// settings get in the way, for the framework always builds within the service's folder.

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';

export type Resource = {
  readonly Type: string;
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
};

export type Template = {
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, unknown>>;
};

export type Packaged = {
  readonly folder: string;
  readonly output: string;
  readonly template: Template;
};

export type Service = Awaited<ReturnType<typeof copyService>>;

const run = promisify(execFile);
const hollowFunction = 'export const handler = async () => {};\n';
const root = join(import.meta.dirname, '../..');
// What a test may change is copied; the rest is linked, and so compiled once for all packagings.
const copied = ['package.json', 'serverless.yml', 'settings.example.yml', 'functions'];
const linked = ['infra', 'lib', 'local', 'node_modules'];
// Where the framework keeps its compiled schema, which takes it longer than all the rest.
const schemaCache = join(root, 'node_modules/.cache');

/**
 * A copy of the service as a fresh clone has it: neither credentials nor settings of a stage, unless they are given.
 * `hollow`: its functions do nothing, for who looks at the template alone. `zone`: the time zone of who packages it.
 */
export async function copyService({ hollow = false, zone = 'UTC' } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'package-'));
  const deployed = await mkdtemp(join(tmpdir(), 'deployed-'));
  // On Lambda none stands above the function, but one may in a folder for temporary files.
  await writeFile(join(deployed, 'package.json'), '{}');
  await Promise.all(copied.map((name) => cp(join(root, name), join(folder, name), { recursive: true })));
  await Promise.all(linked.map((name) => symlink(join(root, name), join(folder, name))));
  const functions = hollow ? await readdir(join(folder, 'functions')) : [];
  await Promise.all(functions.map((name) => writeFile(join(folder, 'functions', name), hollowFunction)));
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const env = {
    PATH,
    NODE_COMPILE_CACHE,
    HOME: folder,
    TZ: zone,
    SLS_SCHEMA_CACHE_BASE_DIR: schemaCache,
    AWS_EC2_METADATA_DISABLED: 'true',
  };

  /** Rejects as execFile does. `settings`: the text of settings.<stage>.yml. */
  async function packageStage(stage: string, settings?: string): Promise<Packaged> {
    if (settings) await writeFile(join(folder, `settings.${stage}.yml`), settings);
    const { stdout, stderr } = await run('serverless', ['package', '--stage', stage], {
      env,
      cwd: folder,
      timeout: 60_000,
    });
    const path = join(folder, '.serverless/cloudformation-template-update-stack.json');
    return { folder, output: stdout + stderr, template: JSON.parse(await readFile(path, 'utf8')) };
  }

  /** What stands in a function's zip. */
  async function unzip(name: string): Promise<Readonly<Record<string, Uint8Array>>> {
    return unzipSync(await readFile(join(folder, '.serverless', `${name}.zip`)));
  }

  /** Unpacks a function's zip, and answers the folder: no package.json above it says what kind of modules it has. */
  async function unpack(name: string): Promise<string> {
    for (const [path, content] of Object.entries(await unzip(name))) {
      await mkdir(dirname(join(deployed, name, path)), { recursive: true });
      await writeFile(join(deployed, name, path), content);
    }
    return join(deployed, name);
  }

  const remove = async () => {
    await Promise.all([folder, deployed].map((path) => rm(path, { recursive: true })));
  };

  return { folder, packageStage, unzip, unpack, remove };
}

/** The properties of a resource that must be there. */
export function propertiesOf({ Resources }: Template, name: string): Resource['Properties'] {
  const resource = Resources[name];
  if (!resource) throw new Error(`The template has no ${name}`);
  return resource.Properties;
}
