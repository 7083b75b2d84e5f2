select erase_rows_of_device($1::regclass, $2, $3) as rows
