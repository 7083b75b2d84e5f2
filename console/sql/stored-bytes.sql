-- How much has come since $1, and when the first of it came.
select coalesce(sum(size_bytes), 0)::bigint as bytes, min(received_at) as since
from captures
where received_at >= $1
