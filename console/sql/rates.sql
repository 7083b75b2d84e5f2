-- By arrival, over the last minute of the service's clock.
select
  (select count(*) from captures where received_at > $1::timestamptz - interval '1 minute') as frames,
  (select count(*) from events where created_at > $1::timestamptz - interval '1 minute') as events,
  (select count(*) from dead_letters where created_at > $1::timestamptz - interval '1 day') as dead_letters
