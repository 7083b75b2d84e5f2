select name from migrations order by id desc
