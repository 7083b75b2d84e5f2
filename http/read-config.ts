import type { Static, TObject } from 'typebox';
import { Unusable } from '../ports/errors.ts';
import { createAjv, placeFaults } from './validation.ts';

/** Everything that is wrong with the environment, said at once: nobody likes to restart once for each variable. */
export class InvalidConfig extends Unusable {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(['The configuration is not valid:', ...faults.map((fault) => `  ${fault}`)].join('\n'));
    this.name = 'InvalidConfig';
    this.faults = faults;
  }
}

const SECRET = /PASSWORD|SECRET|TOKEN|KEY|CREDENTIAL/i;
/** The password within an address such as `postgres://user:password@host`. */
const PASSWORD_IN_URL = /(:\/\/[^:@/\s]*:)[^@\s]*@/g;
const VALUE_CHARS_MAX = 100;

/**
 * The service's settings from environment variables: those that the schema names, coerced to its types, with its
 * defaults. A variable that is set to nothing is one that is not set, as compose files leave it.
 */
export function readConfig<Schema extends TObject>(
  schema: Schema,
  env: Readonly<Record<string, string | undefined>>,
): Static<Schema> {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.properties)) {
    const value = env[name]?.trim();
    if (value) given[name] = value;
  }
  const validate = createAjv({ coerceTypes: true }).compile<Static<Schema>>(schema);
  const config: unknown = { ...given };
  if (validate(config)) return config;
  throw new InvalidConfig(
    placeFaults(validate.errors ?? []).map(({ path, detail }) => {
      const [name = 'configuration'] = path;
      const value = given[name];
      return `${name}: ${detail}${value === undefined ? '' : ` (got ${show(name, value)})`}`;
    }),
  );
}

function show(name: string, value: string): string {
  if (SECRET.test(name)) return 'a hidden value';
  return JSON.stringify(value.replace(PASSWORD_IN_URL, '$1…@').slice(0, VALUE_CHARS_MAX));
}
