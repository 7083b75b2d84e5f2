delete from sessions where refresh_digest = $1 or replaced_digest = $1 returning id
