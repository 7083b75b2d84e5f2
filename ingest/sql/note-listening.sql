-- A gap longer than this is one in which devices were not heard. A shorter one, and one interval, are less than the three
-- that make a silence: intervals are 5 s at the least.
insert into listening as noted (service, since, until) values ('ingest', $1, $1)
on conflict (service) do update
set
  since = case when excluded.until > noted.until + interval '10 s' then excluded.until else noted.since end,
  until = greatest(noted.until, excluded.until)
