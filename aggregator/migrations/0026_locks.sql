-- Whoever may sign in at the database may take any advisory lock and keep it, and so could stop those who wait for it. A table
-- may be locked against others by whoever may write to it: by its owner, and by nobody who reads results.

create schema if not exists locks;
create table locks.administrators ();
create table locks.backup ();
create table locks."check" ();
create table locks.device_watch ();
create table locks.pairing ();
create table locks.retention ();

create function take_lock(in_name text) returns void
language plpgsql
as $$
begin
  execute format('lock table locks.%I in exclusive mode', in_name);
end
$$;

create function try_lock(in_name text) returns boolean
language plpgsql
as $$
begin
  execute format('lock table locks.%I in exclusive mode nowait', in_name);
  return true;
exception
  when lock_not_available then return false;
end
$$;

-- As before: whoever adds to the list waits for all who were checked against it, and they for whoever adds. It may be read and
-- copied all the while.
create or replace function lock_erasure_list() returns void
language sql
as $$
  lock table erasure_list in exclusive mode
$$;

create or replace function find_erased(
  in_device_ids text[], in_during tstzrange[], in_person_ids text[], in_are_frames boolean[]
)
returns table (place bigint, erasure_id uuid, reach text)
language plpgsql
as $$
#variable_conflict use_column
begin
  lock table erasure_list in row share mode;
  if not exists (select from erasure_list) then
    return;
  end if;
  return query
  select distinct on (written.place) written.place, taken.erasure_id, taken.reach
  from unnest(in_device_ids, in_during, in_person_ids, in_are_frames)
    with ordinality as written (device_id, during, person_id, is_frame, place)
  cross join lateral erasing(written.device_id, written.during, written.person_id, written.is_frame) as taken
  order by written.place, taken.reach;
end
$$;

-- What fills the disk, and is nobody's who only reads: temporary tables, and large objects.
do $$
begin
  if pg_has_role((select datdba from pg_database where datname = current_database()), 'usage') then
    execute format('revoke temporary on database %I from public', current_database());
  else
    raise warning 'temporary tables are still let to all who may sign in: only the owner of the database may revoke that';
  end if;
  if (select rolsuper from pg_roles where rolname = current_user) then
    revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) from public;
  else
    raise warning 'large objects are still let to all who may sign in: only a superuser may revoke that';
  end if;
end
$$;
