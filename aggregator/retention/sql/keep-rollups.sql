-- Before rows go of which hours are summed up: of all devices, or of one.
select keep_rollups($1, coalesce($2::text, '')) as until
