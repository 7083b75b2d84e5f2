-- What becomes of dead letters: they are looked at, sent again or given up, by somebody, and that is kept.

alter table dead_letters
  add column state text not null default 'open' check (state in ('open', 'redriven', 'discarded')),
  -- Where the record lay that failed last: a letter that comes again tells of no new failure, save from another place.
  add column failed_partition integer,
  add column failed_offset bigint,
  -- When what was redriven was looked at; known of frames.
  add column succeeded_at timestamptz;

update dead_letters set failed_partition = partition, failed_offset = "offset";

alter table dead_letters
  alter column failed_partition set not null,
  alter column failed_offset set not null;

create index dead_letters_open on dead_letters (recorded_at desc) where state = 'open';
create index dead_letters_device on dead_letters (device_id, recorded_at desc);
create index dead_letters_frame on dead_letters (frame_id) where frame_id is not null and succeeded_at is null;

-- What is to be done with many letters; whoever sweeps takes one of its letters after the other.
create table dead_letter_actions (
  id uuid primary key,
  kind text not null check (kind in ('redrive', 'discard')),
  created_at timestamptz not null,
  -- By whom, as they were; what is done carries their name although they may have gone since.
  user_id uuid,
  username text not null,
  -- Whose letters these are; null for everybody's.
  fleet_id uuid,
  options jsonb not null,
  total integer not null default 0,
  done integer not null default 0,
  -- They were no longer open when it was their turn.
  passed_over integer not null default 0,
  failed integer not null default 0,
  -- Of the one that failed last.
  error text,
  finished_at timestamptz
);

create index dead_letter_actions_unfinished on dead_letter_actions (created_at) where finished_at is null;

-- Its letters in their order, from 1; gone when it is finished.
create table dead_letter_action_letters (
  action_id uuid not null references dead_letter_actions (id) on delete cascade,
  position bigint not null,
  dead_letter_id uuid not null,
  primary key (action_id, position)
);

-- Who has changed what; written in the transaction of the change, and never changed.
create table audit_log (
  number bigint generated always as identity primary key,
  at timestamptz not null,
  user_id uuid,
  username text not null,
  action text not null,
  subject text not null,
  -- Whose business it is, where it is about one device's.
  device_id text,
  details jsonb not null
);

create index audit_log_device on audit_log (device_id, number desc);
