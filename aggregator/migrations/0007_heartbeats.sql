-- How devices say that they are doing, which frames they gave up, and when they are not heard from.

-- The newest heartbeat of each device.
create table device_heartbeats (
  device_id text primary key references devices (id),
  received_at timestamptz not null,
  boot_id text,
  uptime_s bigint,
  ntp_synced boolean,
  rssi integer,
  free_heap bigint,
  sd_free_bytes bigint,
  battery_mv integer,
  temperature_c double precision,
  fw_version text,
  last_error text,
  -- JSON, as text: a column that takes whatever JSON there is, which jsonb does not.
  extra_json text not null,
  -- The newest that was told, which the newest heartbeat need not have.
  queue_depth bigint,
  queue_depth_at timestamptz,
  queue_epoch integer
) with (fillfactor = 50);

-- Frames that devices gave up: neither overlapping nor touching within an epoch, however often and however they are told.
create table dropped_ranges (
  device_id text not null references devices (id),
  epoch integer not null,
  from_seq bigint not null,
  to_seq bigint not null check (to_seq >= from_seq),
  -- By their ends: most that is asked about is among the newest.
  primary key (device_id, epoch, to_seq)
);

-- Since when without a break, and until when, devices could be heard. While nobody listens, nobody is silent.
create table listening (
  service text primary key,
  since timestamptz not null,
  until timestamptz not null
) with (fillfactor = 50);

alter table devices
  -- How often it is to be heard from, where that is not what is usual (HEARTBEAT_INTERVAL_S).
  add column heartbeat_interval_s integer check (heartbeat_interval_s > 0),
  -- Its silence, from when that is noticed until its end has been told. Events follow from these and from nothing else,
  -- so that what is told again after a crash is the same. When it was last heard before, null for never:
  add column silent_after timestamptz,
  add column silent_since timestamptz,
  -- Whether its beginning has been told.
  add column silence_told boolean not null default false,
  add column heard_again_at timestamptz;

-- Whoever hears a device need not know of silences, and nobody may be there to notice at that moment.
create function note_heard_again() returns trigger
language plpgsql
as $$
begin
  new.heard_again_at := new.last_seen_at;
  return new;
end
$$;

create trigger devices_heard_again before update of last_seen_at on devices
for each row
when (old.silent_since is not null and old.heard_again_at is null and new.last_seen_at > old.silent_since)
execute function note_heard_again();
