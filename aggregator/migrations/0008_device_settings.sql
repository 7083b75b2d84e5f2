-- What devices are told, and how their pictures are looked at: versions of one JSON, of which none is ever changed.

create table config_versions (
  device_id text not null references devices (id),
  -- Counts from 1, without gaps; 0 is the built-in configuration, of which there is no row.
  version integer not null check (version > 0),
  settings jsonb not null,
  created_at timestamptz not null,
  created_by uuid references users (id) on delete set null,
  -- Null until its records are in the log; whoever sweeps looks for these.
  published_at timestamptz,
  primary key (device_id, version)
);

create index config_versions_unpublished on config_versions (device_id, version) where published_at is null;

alter table devices
  add column last_config_fetch_at timestamptz,
  -- The one that the device was last told to be in.
  add column capture_mode text check (capture_mode in ('baseline', 'burst', 'paused')),
  -- Until then the device is told to be in burst, whatever its settings say of its usual mode.
  add column burst_until timestamptz;
