/**
 * Something outside this process does not answer: the database, the blob store, the log, a full disk.
 * It says nothing about the input at hand, so whoever catches it keeps its place and tries again.
 * Bad input is never an `Outage`; it is a value with a reason.
 */
export class Outage extends Error {
  constructor(what: string, cause: unknown) {
    super(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'Outage';
  }
}

/** Something that whoever runs this can mend, told in words: no fault of the program, so without its stack. */
export class Unusable extends Error {}
