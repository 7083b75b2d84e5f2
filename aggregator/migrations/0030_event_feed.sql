-- Events in the order in which they came to be in their table: a row for each version that was written, by which whoever
-- listens goes on where they were. Numbers alone do not tell that, since they are given out before the commit; so whoever
-- adds to the feed has its lock until then, and a position that can be seen has none before it that is still to come.
create table locks.event_feed ();

create table event_feed (
  position bigint generated always as identity primary key,
  -- By chance: positions are given out anew after a restore, and this says that it is another row.
  mark integer not null default (random() * 2147483647)::integer,
  -- Where the event's row is; of the first row of all there is none.
  device_id text,
  occurred_at timestamptz,
  number bigint,
  version integer,
  fed_at timestamptz not null
);

-- Where whoever listens to an installation without events begins.
insert into event_feed (fed_at) values (now());
