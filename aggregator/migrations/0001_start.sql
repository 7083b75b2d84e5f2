-- Users, devices, the claims of frames, and what the aggregator writes. Times are of three kinds, told apart by name:
-- captured_at and occurred_at are event time, received_at and analysed_at are the service's clock.

create table users (
  id uuid primary key default gen_random_uuid(),
  username text not null unique,
  password_hash text not null,
  role text not null check (role in ('admin', 'operator', 'viewer')),
  created_at timestamptz not null default now()
);

create table devices (
  id text primary key,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  -- The newest capture time accepted; frames more than 2 s older take the backlog lane.
  newest_captured_at timestamptz,
  -- Frames that come without a seq get the next one of an epoch of their own.
  next_upload_seq bigint not null default 1
) with (fillfactor = 50);

-- One row per frame that came without a seq: what the device sent names it, and the row says which seq that became.
create table upload_claims (
  device_id text not null references devices (id),
  stated_ms bigint not null,
  digest bytea not null,
  seq bigint not null,
  captured_at timestamptz not null,
  time_quality text not null check (time_quality in ('ntp', 'uptime', 'device', 'arrival')),
  lane text not null check (lane in ('live', 'backlog')),
  received_at timestamptz not null,
  -- Until then the request that holds the claim is at work; past it, the next request may take over.
  lease_until timestamptz not null,
  confirmed boolean not null default false,
  primary key (device_id, stated_ms, digest)
) with (fillfactor = 80);

create index upload_claims_received_at on upload_claims using brin (received_at);

-- The ledger: bit n of block b says that seq b × 4096 + n was confirmed.
create table seq_blocks (
  device_id text not null references devices (id),
  epoch integer not null,
  block bigint not null,
  bits bit(4096) not null,
  primary key (device_id, epoch, block)
) with (fillfactor = 50);

-- One row per frame, as far as its analysis has come. The frame's record and its observation come by different
-- topics and so in either order; each fills in its own columns.
create table captures (
  frame_id uuid not null,
  captured_at timestamptz not null,
  device_id text not null,
  epoch integer not null,
  seq bigint not null,
  time_quality text,
  lane text not null,
  received_at timestamptz,
  blob_key text,
  size_bytes integer,
  sha256 bytea,
  state text not null check (state in ('queued', 'running', 'done', 'failed', 'dead')),
  attempts integer not null default 0,
  error text,
  width integer,
  height integer,
  motion real,
  trace_id text,
  primary key (frame_id, captured_at)
);

create index captures_device on captures (device_id, captured_at desc);
create index captures_captured_at on captures (captured_at desc);
create index captures_received_at on captures using brin (received_at);
create index captures_waiting on captures (state, captured_at) where state <> 'done';

create table events (
  id uuid not null,
  occurred_at timestamptz not null,
  number bigint generated always as identity,
  type text not null,
  device_id text not null,
  version integer not null,
  ended_at timestamptz,
  frame_id uuid,
  frame_seq bigint,
  lane text not null,
  time_quality text,
  model text,
  config_version integer not null,
  snapshot_path text,
  data jsonb not null,
  trace_id text,
  created_at timestamptz not null,
  primary key (id, occurred_at)
);

create index events_number on events (number);
create index events_occurred_at on events (occurred_at desc, number desc);
create index events_device on events (device_id, occurred_at desc);
create index events_created_at on events using brin (created_at);
create index events_type on events (type, occurred_at desc);

create table dead_letters (
  id uuid primary key,
  device_id text,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  original_key text not null,
  original_value bytea,
  code text not null,
  message text not null,
  attempts integer not null,
  frame_id uuid,
  captured_at timestamptz,
  recorded_at timestamptz not null,
  created_at timestamptz not null
);

create index dead_letters_recorded_at on dead_letters (recorded_at desc);

-- How far the aggregator has come, moved in the same transaction as the rows it writes.
create table consumer_offsets (
  topic text not null,
  partition integer not null,
  next_offset bigint not null,
  primary key (topic, partition)
) with (fillfactor = 50);
