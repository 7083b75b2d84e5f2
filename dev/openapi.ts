import { readFileSync, writeFileSync } from 'node:fs';
import { createDocument, textOf } from './openapi/create-document.ts';

/** `npm run openapi`: writes schemas/openapi.json anew, from the routes that there are. */
const FILE = new URL('../schemas/openapi.json', import.meta.url);

// The console shows the document that is there, and is not described without one; a merge may have left none.
try {
  JSON.parse(readFileSync(FILE, 'utf8'));
} catch {
  writeFileSync(FILE, '{}');
}
const { document, app } = await createDocument();
writeFileSync(FILE, textOf(document));
await app.close();
