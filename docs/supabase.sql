-- Tells roq-sync of every change to auth.users, with the time at which it happened. Write your address and your secret
-- below, and run the whole of it in the SQL editor, or by psql as the role postgres. It may be run again.
--
-- pg_net sends after the change is committed, once, and never again: what is lost then needs a backfill. A change to
-- auth.users never fails because it could not be told; the database's log has a warning then.
-- To stop: drop trigger roq_sync on auth.users;

begin;

do $$
begin
  if to_regproc('net.http_post') is null then create extension pg_net; end if;
end $$;

-- Both are kept in Vault, for everybody who may connect to a database may read its functions.
do $$
declare
  settings constant jsonb := jsonb_build_object(
    'roq_sync_url', 'https://…/webhooks/supabase-db',
    'roq_sync_secret', 'the value of SUPABASE_DB_SECRETS');
  setting record;
  known uuid;
begin
  for setting in select * from jsonb_each_text(settings) loop
    select id into known from vault.secrets where name = setting.key;
    if known is null then perform vault.create_secret(setting.value, setting.key);
    else perform vault.update_secret(known, setting.value);
    end if;
  end loop;
end $$;

create schema if not exists roq_sync;
revoke all on schema roq_sync from public;

-- As its owner, for the auth server may neither send nor read Vault.
create or replace function roq_sync.tell() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  -- What is read of a user, and no more: no password hash and no one-time code leaves the database.
  columns constant text[] := array[
    'id', 'email', 'phone', 'email_confirmed_at', 'banned_until', 'deleted_at', 'raw_user_meta_data',
    'created_at', 'updated_at'];
  address text;
  secret text;
begin
  select decrypted_secret into address from vault.decrypted_secrets where name = 'roq_sync_url';
  select decrypted_secret into secret from vault.decrypted_secrets where name = 'roq_sync_secret';
  perform net.http_post(
    url := address,
    headers := jsonb_build_object('Content-Type', 'application/json', 'Authorization', 'Bearer ' || secret),
    body := jsonb_build_object(
      'type', tg_op, 'schema', tg_table_schema, 'table', tg_table_name,
      -- updated_at does not move with SQL that does not set it, nor with a deletion.
      'time', clock_timestamp(),
      'record',
      (select jsonb_object_agg(key, value) from jsonb_each(to_jsonb(new)) where key = any (columns)),
      'old_record',
      (select jsonb_object_agg(key, value) from jsonb_each(to_jsonb(old)) where key = any (columns))),
    timeout_milliseconds := 5000);
  return null;
exception when others then
  -- Its code alone: a message may hold the user's data.
  raise warning 'roq-sync was not told of a change to auth.users: %', sqlstate;
  return null;
end $$;

revoke all on function roq_sync.tell() from public;

create or replace trigger roq_sync
after insert or update or delete on auth.users
for each row execute function roq_sync.tell();

commit;
