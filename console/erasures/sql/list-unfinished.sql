select id
from erasures
where finished_at is null or exists (select from erasure_leftovers where erasure_id = erasures.id)
order by requested_at, id
limit $1
