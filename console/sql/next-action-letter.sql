-- They are dealt with in their order, so that how many have been says which is next; null when none is left.
select action.kind, action.user_id, action.username, action.fleet_id, action.options, letter.dead_letter_id
from dead_letter_actions as action
left join dead_letter_action_letters as letter on letter.action_id = action.id
  and letter.position = action.done + action.passed_over + action.failed + 1
where action.id = $1 and action.finished_at is null
