-- Whether the time of the event, or of the frame that its picture shows ($5), was erased.
select exists (
  select from erasing($1, event_span($2, $3, $4, null), null, true)
) or exists (
  select from erasing($1, tstzrange($5, $5, '[]'), null, true) where $5::timestamptz is not null
) as erased
