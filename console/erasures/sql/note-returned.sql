update erasures
set gone = gone || jsonb_build_object('blobs', coalesce((gone ->> 'blobs')::bigint, 0) + returned.blobs)
from (select id, count(*) as blobs from unnest($1::uuid[]) as id group by id) as returned
where erasures.id = returned.id
