select count(*) as queued from captures where state not in ('done', 'dead')
