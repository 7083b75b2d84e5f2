select 1 from captures where state in ('done', 'dead') and received_at > $1 limit 1
