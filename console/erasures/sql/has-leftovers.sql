select exists (select from erasure_leftovers where erasure_id = $1) as leftovers
