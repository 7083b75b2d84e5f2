/**
 * What every connection asks of its server. TimescaleDB refuses to change what lies in many places of compressed chunks,
 * such as visits that come late, and whoever writes them would wait for ever; a server without it takes no notice.
 */
export const SERVER_OPTIONS = '-c timescaledb.max_tuples_decompressed_per_dml_transaction=0';
