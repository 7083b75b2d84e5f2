-- Letters that were redriven and have come to something, as far as rows can tell: of a record, its frame's capture does.
select count(*) as redriven
from dead_letters
where state = 'redriven' and (frame_id is null or succeeded_at is not null)
