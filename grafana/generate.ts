import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dashboards, textOf } from './dashboards.ts';

/** `npm run dashboards`: writes grafana/dashboards anew, of which Grafana shows every file. */
const folder = new URL('dashboards/', import.meta.url);
for (const file of readdirSync(folder)) rmSync(new URL(file, folder));
for (const [name, dashboard] of Object.entries(dashboards)) {
  writeFileSync(new URL(`${name}.json`, folder), textOf(dashboard));
}
