/** SQLSTATE classes that speak of the values: 21 and 23 of how they meet others, 22 of themselves, 54 of their size. */
const REFUSALS = /^(21|22|23|54)...$/;

/** Whether the server refused a statement for the values in it: another try with the same ones will go the same way. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && REFUSALS.test(String(error.code));
}
