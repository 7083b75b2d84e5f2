-- The list of erasures has a lock beside it. By its own, whoever writes a row of it was waited for as well, be it to count what
-- an erasure would take, which is undone; and those who write waited behind. Or two waited for each other: one that lists what
-- a restore is told of, and one that carries an erasure out, which has that erasure's row.
create table locks.erasure_list ();

create or replace function lock_erasure_list() returns void
language sql
as $$
  lock table locks.erasure_list in exclusive mode
$$;

create or replace function find_erased(
  in_device_ids text[], in_during tstzrange[], in_person_ids text[], in_are_frames boolean[]
)
returns table (place bigint, erasure_id uuid, reach text)
language plpgsql
as $$
#variable_conflict use_column
begin
  lock table locks.erasure_list in row share mode;
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
