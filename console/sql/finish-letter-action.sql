with finished as (
  update dead_letter_actions set finished_at = $2 where id = $1 returning id
)
delete from dead_letter_action_letters using finished where action_id = finished.id
