-- What is still to come: frames that are not analysed, and visits and motion that only the cameras' silence ends.
select
  (select count(*) from captures where state not in ('done', 'dead'))
  + (select count(*) from events where type in ('visit', 'motion') and ended_at is null) as queued
