// docs/supabase.sql, run as it stands on PostgreSQL, where the machine has one. pg_net and Vault are stood in for by tables.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { supabaseDb } from '../../../lib/providers/supabase/supabase-db.ts';
import { supabaseUser } from '../../../lib/providers/supabase/user.ts';
import { desired, type Facts, fold, toFacts } from '../../../lib/user.ts';
import { findPostgres, type Postgres, startPostgres } from '../../support/postgres.ts';
import { readRecorded } from '../../support/recorded.ts';
import { connect } from '../reader.ts';

type Sent = { readonly url: string; readonly headers: Record<string, string>; readonly body: object };

const sql = readFileSync(new URL('../../../docs/supabase.sql', import.meta.url), 'utf8');
const secret = 'the value of SUPABASE_DB_SECRETS';
const recorded = readRecorded<{ body: { record: object } }>('supabase', 'supabase-db-INSERT.json');

test('the SQL for Supabase sends the columns that are read, and no other', () => {
  const [, list = ''] = /columns constant text\[\] := array\[(.*?)\]/s.exec(sql) ?? [];
  const columns = [...list.matchAll(/'(\w+)'/g)].map(([, column]) => column);
  const read = [...Object.keys(supabaseUser.entries), 'raw_user_meta_data', 'created_at', 'updated_at'];
  expect(columns.sort()).toEqual(read.sort());
});

const folder = findPostgres();

if (folder)
  describe('the SQL for Supabase', () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await startPostgres(folder);
      await postgres.query(supabase(Object.keys(recorded.body.record)));
      await postgres.query(sql);
    }, 120_000);
    afterAll(() => postgres?.stop());

    const byAuth = (statements: string) => postgres.query(statements, 'supabase_auth_admin');

    async function sent(reference: string): Promise<readonly Sent[]> {
      const rows = await postgres.query(
        `select row_to_json(sent) from net.sent where body::text like '%${reference}%' order by id`,
      );
      return rows.split('\n').map((row) => JSON.parse(row) as Sent);
    }

    async function read(bodies: readonly object[]) {
      // A secret with spaces is no setting, but it is what stands in the file until yours does.
      const settings = { SUPABASE_DB_SECRETS: secret.replaceAll(' ', '-') };
      const headers = { Authorization: `Bearer ${settings.SUPABASE_DB_SECRETS}` };
      const requests = bodies.map((body) => ({ headers, body: Buffer.from(JSON.stringify(body)) }));
      const readOne = connect(supabaseDb, settings);
      return (await Promise.all(requests.map((request) => readOne(request, Date.now())))).flat();
    }

    test('tells of what the auth server does, which may neither send nor read the secret itself', async () => {
      const id = '00000000-0000-4000-8000-000000000001';
      await byAuth(`
        insert into auth.users (id, email, encrypted_password, raw_user_meta_data, created_at, updated_at)
        values ('${id}', 'ada@example.com', 'hush', '{"first_name":"Ada"}', now(), now());
        update auth.users set email_confirmed_at = now(), updated_at = now(), recovery_token = 'hush' where id = '${id}';
        delete from auth.users where id = '${id}';`);
      const requests = await sent(id);
      for (const { url, headers } of requests) {
        expect(url).toBe('https://…/webhooks/supabase-db');
        expect(headers).toEqual({ 'Content-Type': 'application/json', Authorization: `Bearer ${secret}` });
      }
      expect(JSON.stringify(requests)).not.toContain('hush');
      const told = { email: 'ada@example.com', phone: null, firstName: 'Ada', disabled: false };
      expect(await read(requests.map(({ body }) => body))).toMatchObject([
        { kind: 'auth.users.INSERT', reference: id, told: { ...told, emailVerified: false } },
        { kind: 'auth.users.UPDATE', reference: id, told: { ...told, emailVerified: true } },
        { kind: 'auth.users.DELETE', reference: id, told: { deleted: true } },
      ]);
    });

    test('has a time of its own for every change, so that those which leave updated_at alone are told apart', async () => {
      const id = '00000000-0000-4000-8000-000000000002';
      await byAuth(`
        insert into auth.users (id, email, created_at, updated_at) values ('${id}', 'ben@example.com', now(), now());
        update auth.users set banned_until = 'infinity' where id = '${id}';
        update auth.users set banned_until = null where id = '${id}';
        update auth.users set banned_until = '20000-01-01' where id = '${id}';
        update auth.users set banned_until = null where id = '${id}';`);
      const events = await read((await sent(id)).map(({ body }) => body));
      expect(events.map(({ told }) => told?.disabled)).toEqual([false, true, false, true, false]);
      expect(new Set(events.map(({ at }) => at)).size).toBe(5);
      const known = events
        .toReversed()
        .reduce<Facts>((facts, { told, at }) => fold(facts, toFacts(told ?? {}, at)), {});
      expect(desired(known)).toMatchObject({ active: true });
    });

    test('may be run again, and sends once', async () => {
      await postgres.query(sql);
      const id = '00000000-0000-4000-8000-000000000003';
      await byAuth(`insert into auth.users (id, created_at) values ('${id}', now());`);
      expect(await sent(id)).toHaveLength(1);
      expect(await postgres.query('select count(*) from vault.secrets')).toBe('2');
    });

    test('lets a change pass that it can not tell', async () => {
      await postgres.query('alter function net.http_post rename to http_post_away');
      const id = '00000000-0000-4000-8000-000000000004';
      await byAuth(`insert into auth.users (id, created_at) values ('${id}', now());`);
      expect(await postgres.query(`select id from auth.users where id = '${id}'`)).toBe(id);
      await postgres.query('alter function net.http_post_away rename to http_post');
    });
  });

/** What a project of Supabase has, as far as the SQL touches it; the columns of auth.users are those that were recorded. */
function supabase(columns: readonly string[]): string {
  const types: Record<string, string> = { id: 'uuid primary key', raw_user_meta_data: 'jsonb' };
  const typeOf = (name: string) =>
    types[name] ?? (name.endsWith('_at') || name === 'banned_until' ? 'timestamptz' : 'text');
  return `
    create role supabase_auth_admin login;
    create schema auth authorization supabase_auth_admin;
    create table auth.users (${columns.map((name) => `${name} ${typeOf(name)}`).join(', ')});
    alter table auth.users owner to supabase_auth_admin;
    create schema net;
    create table net.sent (id bigserial, url text, headers jsonb, body jsonb);
    create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
      headers jsonb default '{}', timeout_milliseconds int default 5000) returns bigint language sql
      as 'insert into net.sent (url, headers, body) values (url, headers, body) returning id';
    create schema vault;
    create table vault.secrets (id uuid primary key default gen_random_uuid(), name text unique, secret text);
    create view vault.decrypted_secrets as select *, secret as decrypted_secret from vault.secrets;
    create function vault.create_secret(new_secret text, new_name text) returns uuid language sql
      as 'insert into vault.secrets (secret, name) values (new_secret, new_name) returning id';
    create function vault.update_secret(secret_id uuid, new_secret text) returns void language sql
      as 'update vault.secrets set secret = new_secret where id = secret_id';`;
}
