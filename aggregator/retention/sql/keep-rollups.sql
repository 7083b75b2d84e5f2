-- Before rows go of which hours are summed up: of all devices but some, or of one.
select keep_rollups($1, coalesce($2::text, ''), $3::text[], $4::text[]) as until
