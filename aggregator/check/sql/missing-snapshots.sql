-- Events that are told since before $1 and name a drawn picture that was not listed.
select id, occurred_at, snapshot_path as key, count(*) over () as total
from events
left join listed_blobs on key = snapshot_path
where snapshot_path is not null and key is null and created_at < $1
order by occurred_at
limit $2
