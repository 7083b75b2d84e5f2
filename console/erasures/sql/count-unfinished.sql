select count(*) as unfinished
from erasures
where finished_at is null or exists (select from erasure_leftovers where erasure_id = erasures.id)
