select device_id, epoch, block, bits::text as bits from seq_blocks order by device_id, epoch, block
