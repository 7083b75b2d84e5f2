/** Wall-clock time, asked for in one place, so that tests can drive it. The pure core never sees one. */
export interface Clock {
  nowMs(): number;
}
