-- Whose devices there are, where they stand, and what lets them in.

-- Whoever has an owner works with that user's devices; without one, with their own.
alter table users add column owner_id uuid references users (id) on delete cascade;
alter table users add constraint users_viewer_check check (role <> 'viewer' or owner_id is not null);

-- Whose devices somebody sees: everybody's (null) as an administrator, or with one as owner; else the owner's, or their own.
create view user_fleets as
select
  users.id as user_id,
  case when 'admin' in (users.role, owners.role) then null else coalesce(users.owner_id, users.id) end as fleet_id
from users
left join users as owners on owners.id = users.owner_id;

create table sites (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references users (id) on delete cascade,
  name text not null,
  time_zone text not null,
  created_at timestamptz not null,
  unique (owner_id, name)
);

alter table devices
  alter column last_seen_at drop not null,
  -- Null for devices from before there were owners, and for those of a user who is gone: administrators see them.
  add column owner_id uuid references users (id) on delete set null,
  add column site_id uuid references sites (id) on delete set null,
  add column name text,
  -- Grows with each activation; frames with seqs of their own are numbered within it.
  add column epoch integer not null default 0,
  add column token_digest bytea unique,
  -- The token before a rotation: it lets in until the new one is first used, or until its time is over.
  add column former_token_digest bytea unique,
  add column former_token_until timestamptz,
  add column activated_at timestamptz,
  add column revoked_at timestamptz,
  -- Its data stays for as long as any; its id is never another owner's.
  add column deleted_at timestamptz,
  add column firmware_version text,
  add column metadata jsonb not null default '{}';

create index devices_owner on devices (owner_id);

-- One for each device that is being set up; gone when it is used.
create table pairings (
  device_id text primary key references devices (id) on delete cascade,
  -- The part of the code that says which pairing is meant; what is left of it is the secret.
  selector text not null unique,
  secret_digest bytea not null,
  tries integer not null default 0,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
