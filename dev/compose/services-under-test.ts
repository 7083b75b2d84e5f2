import type { TObject } from 'typebox';
import { aggregatorService } from '../../aggregator/config.ts';
import { consoleService } from '../../console/config.ts';
import { ingestService } from '../../ingest/config.ts';
import { processorService } from '../../processor/config.ts';
import { snapshotsService } from '../../snapshots/config.ts';

/** The services that stand alone, and what each can be told. */
const settings: Readonly<Record<string, TObject>> = {
  ingest: ingestService,
  console: consoleService,
  processor: processorService,
  aggregator: aggregatorService,
  snapshots: snapshotsService,
};

export const services = Object.fromEntries(
  Object.entries(settings).map(([name, { properties }]) => [
    name,
    { main: `${name}/main.ts`, settings: properties as Readonly<Record<string, { readonly default?: unknown }>> },
  ]),
);
