import { mkdirSync, writeFileSync } from 'node:fs';
import { createFixture, fixtureFile, fixtureText, readFixture } from './fixtures.ts';
import { generateAsyncapi } from './generate-asyncapi.ts';
import { generateTypes } from './generate-types.ts';
import { current, released } from './registry.ts';

/**
 * `npm run schemas`: writes `types.ts` and `asyncapi.yaml` anew, and golden bytes for every id that has none.
 * Golden bytes that exist are left alone: that a changed schema no longer agrees with them is their point.
 */
writeFileSync(new URL('types.ts', import.meta.url), generateTypes(current.values()));
writeFileSync(new URL('asyncapi.yaml', import.meta.url), generateAsyncapi());

mkdirSync(new URL('fixtures/', import.meta.url), { recursive: true });
for (const schema of released) {
  if (readFixture(schema) === null) writeFileSync(fixtureFile(schema), fixtureText(createFixture(schema)));
}
