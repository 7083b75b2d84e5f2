-- Results in tables of their own: who stayed and for how long, how often what happened, and what was seen. Those by time
-- become hypertables where there are such: their keys hold the time, and nothing refers to them or from them.

-- One row for each stay, as its newest version tells of it; kept in the transaction that writes the event.
create table visits (
  -- The event's.
  id uuid not null,
  -- The first sight, the same in every version.
  opened_at timestamptz not null,
  device_id text not null,
  person_id text not null,
  lane text not null,
  -- Who says so.
  source text not null,
  state text not null,
  last_seen_at timestamptz,
  -- Null while it lasts; one that goes on after all has none again.
  ended_at timestamptz,
  dwell_ms bigint not null,
  dwell_min_ms bigint,
  dwell_max_ms bigint,
  sightings integer,
  confidence real,
  time_quality text,
  model text,
  config_version integer not null,
  version integer not null,
  -- When the first version was written, by the service's clock.
  created_at timestamptz not null,
  primary key (id, opened_at)
);

create index visits_opened_at on visits (opened_at desc, id desc);
create index visits_device on visits (device_id, opened_at desc, id desc);
create index visits_person on visits (person_id, opened_at desc);

insert into visits (
  id, opened_at, device_id, person_id, lane, source, state, last_seen_at, ended_at, dwell_ms, dwell_min_ms, dwell_max_ms,
  sightings, confidence, time_quality, model, config_version, version, created_at
)
select
  id, occurred_at, device_id, data ->> 'person_id', lane, 'camera', data ->> 'state',
  to_timestamp((data ->> 'last_seen_at')::double precision / 1000), ended_at,
  (data ->> 'dwell_ms')::bigint, (data ->> 'dwell_min_ms')::bigint, (data ->> 'dwell_max_ms')::bigint,
  (data ->> 'sightings')::integer, (data ->> 'confidence')::real, time_quality, model, config_version, version, created_at
from events
-- What an older release could not read is told in words of its own.
where type = 'visit' and data ?& array['person_id', 'state', 'dwell_ms'];

-- How many events of a type there were of a device in an hour (UTC, of when they happened): each once, whatever its
-- versions. Kept in the transaction that writes the event, so that it is exact at every moment.
create table event_counts (
  device_id text not null,
  type text not null,
  hour timestamptz not null,
  count bigint not null check (count > 0),
  primary key (device_id, type, hour)
) with (fillfactor = 70);

create index event_counts_hour on event_counts (hour);

insert into event_counts (device_id, type, hour, count)
select device_id, type, date_trunc('hour', occurred_at, 'UTC'), count(*) from events group by 1, 2, 3;

-- What was seen in a frame that was looked at; or a run of frames, one after the other, that were passed over for one
-- reason within an hour. The frame with which a run begins may be looked at later: it has a row of its own then.
create table observations (
  -- The frame; of a run, the first one.
  frame_id uuid not null,
  captured_at timestamptz not null,
  -- In the order in which they were told.
  number bigint generated always as identity,
  device_id text not null,
  epoch integer not null,
  seq bigint not null,
  lane text not null,
  outcome text not null,
  reason text,
  -- How many frames the row tells of, and of which it tells last.
  frames integer not null,
  last_seq bigint not null,
  last_captured_at timestamptz not null,
  -- Of what moved, and where; and of what was found. Null for a run.
  motion real,
  motion_boxes jsonb,
  objects jsonb,
  model text,
  config_version integer not null,
  primary key (frame_id, captured_at, outcome)
) with (fillfactor = 80);

create index observations_device on observations (device_id, captured_at desc);
create index observations_last on observations (device_id, lane, number desc);
create index observations_captured_at on observations using brin (captured_at);

-- For whoever asks in plain SQL: visits as events with a dwell time in seconds, and each day's people.
create schema results;

create view results.events as
select
  id as event_id,
  device_id,
  person_id,
  opened_at as start_ts,
  ended_at as end_ts,
  dwell_ms / 1000::double precision as dwell_time
from visits;

-- A visit belongs to the day on which it began, where the device stands.
create view results.person_summary as
select
  (visits.opened_at at time zone coalesce(sites.time_zone, 'UTC'))::date as date,
  visits.device_id,
  count(distinct visits.person_id) as unique_person_count,
  sum(visits.dwell_ms) / 1000::double precision as total_dwell_time
from visits
left join devices on devices.id = visits.device_id
left join sites on sites.id = devices.site_id
group by 1, 2;

-- Who may read them and nothing else: whoever is made a member. Roles are those of the whole server: another database may
-- have made it, just now too; and who may make none goes on without, and the README says what is to be done by hand.
do $$
begin
  if not exists (select from pg_roles where rolname = 'passerby_results') then
    create role passerby_results nologin;
  end if;
exception
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then raise warning 'passerby_results was not created: %', sqlerrm;
end
$$;
do $$
begin
  if exists (select from pg_roles where rolname = 'passerby_results') then
    grant usage on schema results to passerby_results;
    grant select on all tables in schema results to passerby_results;
  end if;
end
$$;
