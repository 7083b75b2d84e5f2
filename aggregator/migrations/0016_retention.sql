-- What goes when its time is over, and what is told of it.

-- A device's own times, where they are others than everybody's; its members are those of schemas/device-retention.ts.
alter table devices add column retention jsonb not null default '{}';

-- Blobs to which nothing refers any more. A key comes here in the transaction that takes the last reference away, and goes
-- when the blob has been deleted: whatever dies in between, none is forgotten.
create table expired_blobs (
  key text primary key,
  -- Of what they were: frames or snapshots.
  class text not null,
  size_bytes bigint,
  expired_at timestamptz not null
);

-- A receipt of each run.
create table retention_runs (
  number bigint generated always as identity primary key,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  -- The times in force, as they were told.
  settings jsonb not null,
  -- Of each class: what went, and how much it was.
  classes jsonb not null,
  -- Blobs that are still to be deleted.
  blobs_left bigint not null
);

create index retention_runs_finished_at on retention_runs (finished_at desc);

-- What pictures there are, the oldest first, however many rows have lost theirs already.
create index captures_pictures on captures (captured_at) where blob_key is not null;

-- A block index knows of pages what they have ever held: of those that are used again it would soon know nothing.
drop index frame_claims_received_at;
create index frame_claims_received_at on frame_claims (received_at);

-- So far a snapshot was known by its name alone, which follows from the event. Those that were drawn until now are taken
-- to be there.
update events
set snapshot_path = format(
  'snapshots/%s/%s/motion_%s%s.png',
  device_id,
  to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD'),
  to_char(occurred_at at time zone 'UTC', 'HH24MISS_MS'),
  case lane when 'live' then '000' else '001' end
)
where type = 'motion' and ended_at is not null;

create index events_snapshots on events (occurred_at) where snapshot_path is not null;

-- What each check has found: whether rows, blobs and records of the log agree.
create table checks (
  number bigint generated always as identity primary key,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  -- How much was looked at.
  looked_at jsonb not null,
  -- Of each kind that was found: how many, how many of them are repaired, and some of them by name.
  findings jsonb not null
);

create index checks_finished_at on checks (finished_at desc);

-- Rows go one by one, since some stay longer; the chunks of a hypertable that are left empty go here, and answers how many.
-- On plain PostgreSQL there are none.
create function drop_empty_chunks(in_table regclass, in_before timestamptz) returns integer
language plpgsql
as $$
declare
  chunk record;
  has_rows boolean;
  dropped integer := 0;
begin
  if not is_hypertable(in_table) then
    return 0;
  end if;
  for chunk in
    select format('%I.%I', chunk_schema, chunk_name) as name, range_start, range_end
    from timescaledb_information.chunks
    where format('%I.%I', hypertable_schema, hypertable_name)::regclass = in_table and range_end <= in_before
  loop
    execute format('select exists (select from %s)', chunk.name) into has_rows;
    continue when has_rows;
    -- Somebody may be writing into it.
    execute format('lock table %s in access exclusive mode', chunk.name);
    execute format('select exists (select from %s)', chunk.name) into has_rows;
    continue when has_rows;
    perform drop_chunks(in_table, older_than => chunk.range_end, newer_than => chunk.range_start);
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;
