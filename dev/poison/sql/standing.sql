-- How far the rows have come; what is dead waits for nobody.
select
  (select count(*) from captures where state in ('queued', 'running', 'failed')) as waiting,
  (select count(*) from dead_letters) as letters
