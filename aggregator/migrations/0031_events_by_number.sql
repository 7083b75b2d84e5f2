-- An event is asked for by its number, which says nothing of its time: without one, every chunk there is would be looked at.

-- Of each thousand numbers the weeks in which their events happened, from a Thursday on, as chunks are cut. Mostly that is one
-- week; a row says of no device, and stays when its events have gone.
create table event_numbers (
  thousand bigint not null,
  week date not null,
  primary key (thousand, week)
);

create function event_week(moment timestamptz) returns date
language sql immutable
return (moment at time zone 'UTC')::date
  - mod(mod((moment at time zone 'UTC')::date - date '1970-01-01', 7) + 7, 7);

insert into event_numbers (thousand, week)
select distinct number / 1000, event_week(occurred_at) from events;
