select count(*) as waiting from captures where state in ('queued', 'running', 'failed')
