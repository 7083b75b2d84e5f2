select id from dead_letter_actions where finished_at is null order by created_at, id limit $1
