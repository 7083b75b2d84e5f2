/** What the services need to reach the servers, and tests to disturb them. */
export type Environment = Readonly<Record<string, string>>;

export const exportLines = (env: Environment) =>
  Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`);

/** As a shell and `node --env-file` read it. */
export const envFile = (env: Environment) =>
  Object.entries(env)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('');

function quoted(value: string): string {
  return /^[\w@%+=:,./?&-]+$/.test(value) && !/[&?]/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
