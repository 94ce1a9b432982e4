// A PostgreSQL of a test's own, where the machine has one.

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type Postgres = {
  /** Runs SQL as a role, and gives back what it prints, a row a line. */
  readonly query: (sql: string, role?: string) => Promise<string>;
  readonly stop: () => Promise<void>;
};

/** The folder of initdb and its like; undefined where there is none. */
export function findPostgres(): string | undefined {
  // Debian keeps them off the path.
  const versions = '/usr/lib/postgresql';
  const installed = existsSync(versions)
    ? readdirSync(versions).map((name) => join(versions, name, 'bin'))
    : [];
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...installed];
  return folders.find((folder) =>
    ['initdb', 'pg_ctl', 'psql'].every((name) => existsSync(join(folder, name))),
  );
}

/** Starts one with an empty database, which nothing outside of this machine's files can reach. */
export async function startPostgres(folder: string): Promise<Postgres> {
  const data = await mkdtemp(join(tmpdir(), 'pg-'));
  // It refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  const as = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (as.uid !== undefined && as.gid !== undefined) await chown(data, as.uid, as.gid);
  const options = { ...as, cwd: data };
  const tool = (name: string, ...args: string[]) => run(join(folder, name), args, options);
  await tool('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync');
  const server = `-k ${data} -c listen_addresses= -c fsync=off`;
  await tool('pg_ctl', '-D', data, '-l', join(data, 'log'), '-o', server, '-w', 'start');
  return {
    query: (sql, role = 'postgres') => {
      const args = ['-h', data, '-U', role, '-d', 'postgres', '-qAtX', '-v', 'ON_ERROR_STOP=1'];
      const child = run(join(folder, 'psql'), args, options);
      child.child.stdin?.end(sql);
      return child.then(({ stdout }) => stdout.trim());
    },
    stop: async () => {
      await tool('pg_ctl', '-D', data, '-m', 'immediate', 'stop');
      await rm(data, { recursive: true });
    },
  };
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
}
