select exists (
  select from erasing($1, event_span($2, $3, $4, null), null, true)
) as erased
