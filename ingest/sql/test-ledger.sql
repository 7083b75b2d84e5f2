select block, bit_count(bits) as confirmed, substring(bits from 1 for 16)::text as first_bits
from seq_blocks
where device_id = $1
order by block
