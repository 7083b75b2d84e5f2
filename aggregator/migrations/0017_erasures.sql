-- What is erased: who asked for it, how far it has come, and the list that every write is checked against.

create table erasures (
  id uuid primary key,
  kind text not null check (kind in ('device', 'range', 'person')),
  -- Null for a person who was seen by several.
  device_id text,
  person_id text,
  from_at timestamptz,
  -- Not part of it.
  to_at timestamptz,
  requested_at timestamptz not null,
  -- By whom, as they were.
  user_id uuid,
  username text not null,
  -- What is to be done next; the steps are the console's.
  step text not null,
  -- What is gone so far, by what it was.
  gone jsonb not null default '{}',
  -- Since then the processor has forgotten what came while the erasure began.
  forgotten_at timestamptz,
  -- When it was last carried out anew, after a restore.
  applied_again_at timestamptz,
  -- Why it does not go on just now.
  error text,
  finished_at timestamptz,
  check ((kind = 'person') = (person_id is not null)),
  check ((kind = 'range') = (from_at is not null and to_at is not null))
);

create index erasures_requested_at on erasures (requested_at desc, id);
create index erasures_unfinished on erasures (requested_at) where finished_at is null;

-- The list: what nobody may write any more, and what no restore may bring back. It is kept for good.
create table erasure_list (
  erasure_id uuid not null references erasures (id),
  device_id text not null,
  -- everything: all of the device in that time; frames: what shows that time, and not what is told of it;
  -- person: what is told of that person, whenever.
  reach text not null check (reach in ('everything', 'frames', 'person')),
  person_id text,
  during tstzrange not null,
  check ((reach = 'person') = (person_id is not null))
);

create index erasure_list_device on erasure_list (device_id);
create index erasure_list_erasure on erasure_list (erasure_id);

-- What is still to be done for an erasure, whether it was finished or not: blobs to which nothing refers any more; and
-- without a key, that the list has grown.
create table erasure_leftovers (
  erasure_id uuid not null references erasures (id),
  key text
);

create index erasure_leftovers_erasure on erasure_leftovers (erasure_id, key);

-- Of an erased device only this row stays, so that nobody gets its id.
alter table devices add column erased_at timestamptz;

-- When an event was, as far as is known: what is not over is taken to go on, and leaving a zone tells of the stay too.
create function event_span(in_type text, in_occurred_at timestamptz, in_ended_at timestamptz, in_stay_ms numeric)
returns tstzrange
language sql stable
return tstzrange(
  in_occurred_at - case
    when in_type in ('zone_left', 'loitering')
      then least(greatest(coalesce(in_stay_ms, 0), 0), 31536000000)::double precision * interval '1 ms'
    else interval '0'
  end,
  case
    when in_ended_at is not null then greatest(in_ended_at, in_occurred_at)
    when in_type in ('visit', 'zone_entered', 'crowd', 'motion', 'device_offline') then null
    else in_occurred_at
  end,
  '[]'
);

-- What of the list takes something of a device: when it was, of whom it tells, and whether it is a frame or shows one.
create function erasing(in_device_id text, in_during tstzrange, in_person_id text, in_is_frame boolean)
returns setof erasure_list
language sql stable
as $$
  select * from erasure_list
  where device_id = in_device_id
    and case reach
      when 'person' then person_id = in_person_id
      when 'frames' then in_is_frame and during && in_during
      else during && in_during
    end
$$;

-- Whoever adds to the list waits until all is committed that was checked against it before, and whoever checks waits for
-- whoever adds. Each statement below sees what was committed until the one before it had its lock.
create function lock_erasure_list() returns void
language sql
as $$
  select pg_advisory_xact_lock(9012027)
$$;

-- Which of those that are about to be written were erased, by their places in the arrays, from 1.
create function find_erased(
  in_device_ids text[], in_during tstzrange[], in_person_ids text[], in_are_frames boolean[]
)
returns table (place bigint, erasure_id uuid, reach text)
language plpgsql
as $$
#variable_conflict use_column
begin
  perform pg_advisory_xact_lock_shared(9012027);
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

-- Of one of the tables that hold nothing but what is of a device: so many of its rows at once.
create function erase_rows_of_device(in_table regclass, in_device_id text, in_rows_max integer)
returns bigint
language plpgsql
as $$
declare
  gone bigint;
begin
  execute format(
    'delete from %s where ctid = any(array(select ctid from %s where device_id = $1 limit $2))', in_table, in_table
  ) using in_device_id, in_rows_max;
  get diagnostics gone = row_count;
  return gone;
end
$$;

create function count_rows_of_device(in_table regclass, in_device_id text)
returns bigint
language plpgsql stable
as $$
declare
  found_rows bigint;
begin
  execute format('select count(*) from %s where device_id = $1', in_table) into found_rows using in_device_id;
  return found_rows;
end
$$;
