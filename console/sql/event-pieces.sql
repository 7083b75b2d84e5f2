-- Of a time from $1 up to and with $2 the places at which it is cut.
select array[
  head::text, head_hours::text, head_days::text, months::text, tail_days::text, tail_hours::text, tail::text, past::text
] as places
from event_pieces($1::timestamptz, $2::timestamptz)
