select code, count(*) as letters, min(recorded_at) as oldest
from dead_letters
where state = 'open'
group by code
order by 2 desc, 1
