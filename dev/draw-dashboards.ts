import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { launchBrowser } from '../console/browser-under-test.ts';
import { expandSql, type Given } from '../grafana/expand-query.ts';
import { type Dashboard, readDashboards } from '../grafana/questions.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { askPanel } from './draw/ask-panel.ts';
import { drawPanel } from './draw/draw-panel.ts';

/**
 * `npm run draw:dashboards -- --database URL --prometheus URL`: pictures of the dashboards where there is no Grafana. Each
 * panel is asked as Grafana asks it and drawn plainly: to see whether figures, units, names and words make sense.
 */
const { values } = parseArgs({
  options: {
    database: { type: 'string' },
    prometheus: { type: 'string' },
    /** How far back; what each dashboard shows at first, if nothing is said. */
    hours: { type: 'string' },
    until: { type: 'string' },
    out: { type: 'string', default: 'data/dashboards' },
  },
});
if (!values.database) throw new Error('--database postgres://… says whose data is drawn');

const STYLE = `
  body { margin: 8px; width: 1500px; background: #111217; color: #ccccdc; font: 12px sans-serif }
  h1 { font-size: 16px } h2 { font-size: 14px; margin: 6px 0 0; grid-column: 1 / -1 }
  main { display: grid; grid-template-columns: repeat(24, 1fr); grid-auto-rows: 38px; gap: 6px }
  section { background: #181b1f; border: 1px solid #2f3338; padding: 4px 8px; overflow: hidden; display: flex; flex-direction: column }
  h3 { font-size: 12px; margin: 0 0 4px } svg { flex: 1; min-height: 0; width: 100% } svg text { fill: #9a9aa5; font-size: 9px } .grid { stroke: #2f3338 }
  .legend { display: flex; flex-wrap: wrap; gap: 2px 10px } .legend i { display: inline-block; width: 10px; height: 4px; margin-right: 4px }
  .figures { display: flex; flex: 1; justify-content: space-around; align-items: center } .figure { text-align: center } .figure b { font-size: 28px; display: block }
  .empty { margin: auto; color: #9a9aa5 } .trouble { color: #ff5555 }
  .gauge { display: grid; grid-template-columns: 100px 1fr 90px; gap: 6px; margin: 3px 0 } .gauge > div { background: #22252b } .gauge > div > div { height: 100% }
  .groups { display: flex; flex: 1; min-height: 0; gap: 6px } .group { flex: 1; display: flex; flex-direction: column; text-align: center } .bars { flex: 1; display: flex; align-items: flex-end; gap: 2px } .bars > div { flex: 1; position: relative } .bars em { position: absolute; top: -15px; left: 0; right: 0; font-style: normal }
  table { border-collapse: collapse; width: 100%; table-layout: fixed } th { text-align: left; color: #6e9fff } td, th { padding: 3px 4px; border-bottom: 1px solid #2f3338; white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
`;

const client = new pg.Client({ connectionString: values.database });
await client.connect();
const browser = await launchBrowser();
const toMs = values.until ? Date.parse(values.until) : clock.nowMs();
mkdirSync(values.out, { recursive: true });

try {
  for (const [name, dashboard] of readDashboards()) {
    const fromMs = toMs - Number(values.hours ?? hoursOf(dashboard.time.from)) * 3_600_000;
    const given = await choose(dashboard, { fromMs, toMs, intervalMs: 3_600_000, chosen: {} });
    const sections: string[] = [];
    for (const panel of dashboard.panels) {
      const { x, w, h } = panel.gridPos;
      const data = panel.type === 'row' ? null : await askPanel(panel, given, sources());
      sections.push(
        data === null
          ? `<h2>${panel.title}</h2>`
          : `<section style="grid-column:${x + 1}/span ${w};grid-row:span ${h}"><h3>${panel.title}</h3>${drawPanel(panel, { ...data, fromMs, toMs })}</section>`,
      );
      if (data?.trouble) console.error(`${name}: ${panel.title}: ${data.trouble}`);
    }
    const page = await browser.newPage({ viewport: { width: 1_520, height: 800 } });
    await page.setContent(`<style>${STYLE}</style><h1>${dashboard.title}</h1><main>${sections.join('')}</main>`);
    const file = join(values.out, `${name}.png`);
    await page.screenshot({ path: file, fullPage: true });
    await page.close();
    console.log(file);
  }
} finally {
  await browser.close();
  await client.end();
}

function sources() {
  return { client, prometheusUrl: values.prometheus ?? null };
}

/** Everything, as Grafana asks for it first: each variable with what was found for those before it. */
async function choose({ templating }: Dashboard, given: Given): Promise<Given> {
  let known = given;
  for (const { name, query } of templating.list) {
    const { rows, fields } = await client.query({
      text: expandSql(query, known, { timescale: false }),
      rowMode: 'array',
    });
    const at = Math.max(
      0,
      fields.findIndex((field) => field.name === '__value'),
    );
    known = { ...known, chosen: { ...known.chosen, [name]: rows.map((row: unknown[]) => String(row[at])) } };
  }
  return known;
}

function hoursOf(from: string): number {
  const [, count = '6', unit = 'h'] = from.match(/^now-(\d+)([hd])$/) ?? [];
  return Number(count) * (unit === 'd' ? 24 : 1);
}
