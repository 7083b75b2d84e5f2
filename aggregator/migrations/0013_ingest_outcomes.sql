-- What became of what devices sent, minute by minute: what any number of processes of ingest count adds up here, for
-- their own counters die with them.
create table ingest_outcomes (
  -- By the service's clock.
  minute timestamptz not null,
  -- Null where it is not known who sent it.
  device_id text,
  -- What the device was told: queued, duplicate, or the code of a problem.
  code text not null,
  -- The HTTP status that goes with it.
  status smallint not null,
  count bigint not null check (count > 0),
  constraint ingest_outcomes_key unique nulls not distinct (minute, device_id, code)
) with (fillfactor = 70);

-- The newest batch of each process that is in them, so that one whose answer was lost is not added twice.
create table outcome_writers (
  writer uuid primary key,
  batch bigint not null,
  written_at timestamptz not null
) with (fillfactor = 50);
