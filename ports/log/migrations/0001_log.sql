-- The embedded log. One process writes it, so a partition's row is its only lock: an offset is taken from that row
-- and the lock lasts until commit, so that no reader ever sees a later offset before an earlier one.

create schema log;

create table log.partitions (
  topic text not null,
  partition integer not null,
  next_offset bigint not null default 0,
  primary key (topic, partition)
) with (fillfactor = 50);

create table log.records (
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  key text not null,
  value bytea,
  headers jsonb,
  appended_at timestamptz not null,
  primary key (topic, partition, "offset")
);

-- The newest record of each key of the compacted topics.
create table log.changelog (
  topic text not null,
  partition integer not null,
  key text not null,
  value bytea not null,
  headers jsonb,
  appended_at timestamptz not null,
  primary key (topic, partition, key)
) with (fillfactor = 50);

create table log.offsets (
  "group" text not null,
  topic text not null,
  partition integer not null,
  next_offset bigint not null default 0,
  primary key ("group", topic, partition)
) with (fillfactor = 50);
