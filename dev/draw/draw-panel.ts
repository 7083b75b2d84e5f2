import type { Panel } from '../../grafana/questions.ts';
import type { Data, Series } from './ask-panel.ts';
import { inUnit } from './units.ts';

const COLOURS = ['#73bf69', '#f2cc0c', '#8ab8ff', '#ff780a', '#f2495c', '#b877d9', '#5794f2', '#c4162a', '#37872d'];
const colour = (at: number) => COLOURS[at % COLOURS.length];
const text = (value: unknown) => String(value).replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

interface Drawing extends Data {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A panel's inside, as HTML: not as Grafana draws it, but of the same figures, units, names and words. */
export function drawPanel(panel: Panel, data: Drawing): string {
  if (data.trouble) return `<p class="trouble">${text(data.trouble)}</p>`;
  if (panel.type === 'timeseries') return overTime(panel, data);
  if (data.rows.length === 0 && data.series.length === 0) return empty(panel);
  if (panel.type === 'stat') return figures(panel, data);
  if (panel.type === 'bargauge') return gauges(panel, data);
  if (panel.type === 'barchart') return bars(panel, data);
  return table(panel, data);
}

const empty = ({ fieldConfig, type }: Panel) =>
  `<p class="empty">${text(type === 'table' ? 'No data' : (fieldConfig?.defaults.noValue ?? 'No data'))}</p>`;
const unitOf = ({ fieldConfig }: Panel) => fieldConfig?.defaults.unit;

function figures(panel: Panel, { columns, rows, series, toMs }: Drawing): string {
  const perRow = panel.options?.reduceOptions?.values === true;
  const cells: readonly (readonly [string, unknown])[] = series.length
    ? series.map(({ name, points }) => [name, points.at(-1)?.[1]])
    : perRow
      ? rows.map((row) => [String(row[0]), row[1]])
      : columns.map((column, at) => [column, rows[0]?.[at]]);
  const shown = cells.map(([name, value]) => {
    const told =
      value === null || value === undefined ? panel.fieldConfig?.defaults.noValue : inUnit(value, unitOf(panel), toMs);
    return `<div class="figure"><b>${text(told ?? '')}</b>${cells.length > 1 ? `<span>${text(name)}</span>` : ''}</div>`;
  });
  return `<div class="figures">${shown.join('')}</div>`;
}

function gauges(panel: Panel, { rows, toMs }: Drawing): string {
  const {
    min = 0,
    max = Math.max(...rows.map((row) => Number(row[1]))),
    thresholds,
  } = panel.fieldConfig?.defaults ?? {};
  const coloured = (value: number) =>
    thresholds?.steps.filter((step) => value >= (step.value ?? -Infinity)).at(-1)?.color;
  return rows
    .map(([name, value]) => {
      const share = Math.max(0, Math.min(1, (Number(value) - min) / (max - min || 1)));
      const bar = `<div style="width:${share * 100}%;background:${coloured(Number(value)) ?? 'green'}"></div>`;
      return `<div class="gauge"><span>${text(name)}</span><div>${bar}</div><b>${text(inUnit(value, unitOf(panel), toMs))}</b></div>`;
    })
    .join('');
}

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [600, 200, 55, 18];

function overTime(panel: Panel, { series, fromMs, toMs }: Drawing): string {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return empty(panel);
  const custom = panel.fieldConfig?.defaults.custom;
  const stacked = custom?.stacking?.mode === 'normal';
  const { max = topOf(series, stacked) } = panel.fieldConfig?.defaults ?? {};
  const x = (ms: number) => LEFT + ((ms - fromMs) / (toMs - fromMs)) * (WIDTH - LEFT);
  const y = (value: number) => (HEIGHT - BOTTOM) * (1 - value / (max || 1));
  const drawn =
    custom?.drawStyle === 'bars'
      ? barsOver(series, stacked, { x, y })
      : lines(series, custom?.lineInterpolation, { x, y });
  const marks = [0, 0.5, 1].map(
    (share) =>
      `<line x1="${LEFT}" x2="${WIDTH}" y1="${y(max * share)}" y2="${y(max * share)}" class="grid"/><text x="${LEFT - 4}" y="${y(max * share) + (share === 1 ? 9 : 0)}" text-anchor="end">${text(inUnit(max * share, unitOf(panel), toMs))}</text>`,
  );
  const times = [0, 0.25, 0.5, 0.75].map((share) => {
    const ms = fromMs + (toMs - fromMs) * share;
    return `<text x="${x(ms)}" y="${HEIGHT - 4}">${new Date(ms).toISOString().slice(5, 16).replace('T', ' ')}</text>`;
  });
  const legend = series.map(({ name }, at) => `<span><i style="background:${colour(at)}"></i>${text(name)}</span>`);
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">${marks.join('')}${drawn}${times.join('')}</svg><div class="legend">${legend.join('')}</div>`;
}

function topOf(series: readonly Series[], stacked: boolean): number {
  const sums = new Map<number, number>();
  for (const [at, value] of series.flatMap(({ points }) => points)) {
    sums.set(at, stacked ? (sums.get(at) ?? 0) + value : Math.max(sums.get(at) ?? 0, value));
  }
  return Math.max(...sums.values());
}

interface Scale {
  x(ms: number): number;
  y(value: number): number;
}

function lines(series: readonly Series[], interpolation: string | undefined, { x, y }: Scale): string {
  return series
    .map(({ points }, at) => {
      const path = points.map(([ms, value], index) => {
        if (index === 0) return `M${x(ms)},${y(value)}`;
        return interpolation === 'stepAfter' ? `H${x(ms)}V${y(value)}` : `L${x(ms)},${y(value)}`;
      });
      return `<path d="${path.join('')}" fill="none" stroke="${colour(at)}" stroke-width="1.5"/>`;
    })
    .join('');
}

function barsOver(series: readonly Series[], stacked: boolean, { x, y }: Scale): string {
  const times = [...new Set(series.flatMap(({ points }) => points.map(([ms]) => ms)))].sort((a, b) => a - b);
  const gapMs = Math.min(...times.slice(1).map((ms, at) => ms - (times[at] ?? 0)), 86_400_000);
  const width = Math.max(1, (x(gapMs) - x(0)) * 0.8) / (stacked ? 1 : series.length);
  const heights = new Map<number, number>();
  return series
    .flatMap(({ points }, at) =>
      points.map(([ms, value]) => {
        const below = stacked ? (heights.get(ms) ?? 0) : 0;
        heights.set(ms, below + value);
        const left = x(ms) + (stacked ? 0 : at * width);
        return `<rect x="${left}" y="${y(below + value)}" width="${width}" height="${y(below) - y(below + value)}" fill="${colour(at)}"/>`;
      }),
    )
    .join('');
}

function bars(panel: Panel, { columns, rows, toMs }: Drawing): string {
  const most = Math.max(1, ...rows.flatMap((row) => row.slice(1).map(Number)));
  const groups = rows.map((row) => {
    const each = row.slice(1).map((value, at) => {
      const height = (Number(value) / most) * 85;
      return `<div style="height:${height}%;background:${colour(at)}"><em>${text(inUnit(value, unitOf(panel), toMs))}</em></div>`;
    });
    return `<div class="group"><div class="bars">${each.join('')}</div><span>${text(row[0])}</span></div>`;
  });
  const legend = panel.options?.legend?.showLegend
    ? columns.slice(1).map((name, at) => `<span><i style="background:${colour(at)}"></i>${text(name)}</span>`)
    : [];
  return `<div class="groups">${groups.join('')}</div><div class="legend">${legend.join('')}</div>`;
}

function table(panel: Panel, { columns, rows, toMs }: Drawing): string {
  const overrides = panel.fieldConfig?.overrides ?? [];
  const ofColumn = (name: string) =>
    new Map(
      overrides
        .filter(({ matcher }) => matcher.options === name)
        .flatMap(({ properties }) => properties.map(({ id, value }) => [id, value])),
    );
  const shown = columns
    .map((name, at) => ({ at, name, set: ofColumn(name) }))
    .filter(({ set }) => set.get('custom.hideFrom.viz') !== true);
  const isHeat = overrides.some(({ matcher }) => matcher.id === 'byType');
  const numbers = rows.flatMap((row) => row.filter((value) => typeof value === 'number'));
  const most = Math.max(1, ...numbers);
  const cell = (value: unknown, set: ReadonlyMap<string, unknown>) => {
    const [mapping] = (set.get('mappings') ?? []) as Mapping[];
    const words = mapping?.type === 'range' ? mapping.options.result?.text : undefined;
    const told =
      value === null ? '' : (words ?? inUnit(value, (set.get('unit') as string | undefined) ?? unitOf(panel), toMs));
    const tint =
      mapping?.type === 'value' ? (mapping.options[String(value)] as { color?: string } | undefined)?.color : undefined;
    const heat = isHeat && typeof value === 'number' ? `background:rgba(120,60,200,${value / most})` : '';
    return `<td style="${heat}${tint ? `color:${tint}` : ''}">${set.has('links') && told ? `<u>${text(told)}</u>` : text(told)}</td>`;
  };
  const head = shown.map(({ name, set }) => {
    const width = set.get('custom.width');
    return `<th${width ? ` style="width:${width}px"` : ''}>${text(set.get('displayName') ?? name)}</th>`;
  });
  const body = rows.map((row) => `<tr>${shown.map(({ at, set }) => cell(row[at], set)).join('')}</tr>`);
  return `<table><tr>${head.join('')}</tr>${body.join('')}</table>`;
}

interface Mapping {
  readonly type: string;
  readonly options: { readonly result?: { readonly text: string } } & Readonly<Record<string, unknown>>;
}
