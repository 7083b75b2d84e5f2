update dead_letter_actions set total = $2 where id = $1
