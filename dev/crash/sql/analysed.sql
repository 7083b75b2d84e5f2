select count(*) as analysed from captures where state in ('done', 'dead')
