/**
 * Advisory locks that are nobody's row, each with a number of its own: all who use a database share the numbers, and two
 * that had the same one would wait for each other for no reason. A statement is given its number from here.
 */
export const ADVISORY_LOCKS = {
  /** To count devices before one more is made. */
  devices: 6_012_026,
  /** To be sure that an administrator is left. */
  users: 6_012_027,
  /** Whoever has it lets go what is over; while a backup has it, nothing goes. */
  retention: 9_012_026,
  /** aggregator/migrations/0017_erasures.sql takes it, and no statement is given it: here it is so that no other has it. */
  erasureList: 9_012_027,
  check: 9_012_028,
  deviceWatch: 9_012_029,
} as const;
