select work, relation, bool_or(failing) as failing from database_jobs() group by work, relation
