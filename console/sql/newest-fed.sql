select position, mark from event_feed order by position desc limit 1
