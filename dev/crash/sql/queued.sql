-- What is still to come: frames that are not analysed, and visits that only the cameras' silence ends.
select
  (select count(*) from captures where state not in ('done', 'dead'))
  + (select count(*) from events where type = 'visit' and ended_at is null) as queued
