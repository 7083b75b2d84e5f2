import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { devices } from './devices.ts';
import { events } from './events.ts';
import { people } from './people.ts';
import { pipeline } from './pipeline.ts';

/** What Grafana is given, by the name of its file. */
export const dashboards: Readonly<Record<string, Dashboard>> = { people, devices, pipeline, events };

export function textOf(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
