import { PanelBuilder as BarChart } from '@grafana/grafana-foundation-sdk/barchart';
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DynamicConfigValue,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Question } from './queries.ts';

/** What every panel says: what it shows, in which unit, and what stands there when there is nothing to show. */
interface Shown {
  readonly title: string;
  readonly description: string;
  readonly queries: readonly [Question, ...Question[]];
  readonly empty: string;
  readonly unit?: string;
  readonly width: number;
  readonly height?: number;
  /** The shortest time that one point may stand for, where the data has none shorter. */
  readonly interval?: string;
  readonly thresholds?: readonly Threshold[];
}

type AnyPanel = Stat | TimeSeries | Table | BarChart | BarGauge;

function show<Builder extends AnyPanel>(panel: Builder, shown: Shown, height: number): Builder {
  const { title, description, queries, empty, unit, width, interval, thresholds } = shown;
  panel
    .title(title)
    .description(description)
    .datasource(queries[0].datasource)
    .targets(queries.map(({ query }) => query))
    .noValue(empty)
    .span(width)
    .height(shown.height ?? height);
  if (unit) panel.unit(unit);
  if (interval) panel.interval(interval);
  if (thresholds) {
    panel.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...thresholds]));
  }
  return panel;
}

/** One figure; or one for each column or series, or for each row with the row's name. */
export function figure(shown: Shown & { readonly perRow?: true }): Builder<Panel> {
  return show(new Stat(), shown, 4)
    .graphMode(BigValueGraphMode.None)
    .colorMode(shown.thresholds ? BigValueColorMode.Background : BigValueColorMode.None)
    .reduceOptions(
      new ReduceDataOptionsBuilder()
        .calcs(['lastNotNull'])
        .fields('')
        .values(shown.perRow ?? false),
    );
}

interface Drawn extends Shown {
  readonly as?: 'lines' | 'steps' | 'bars' | 'stacked bars';
  readonly min?: number;
  readonly max?: number;
}

/** How something went over time. */
export function overTime(shown: Drawn): Builder<Panel> {
  const { as = 'lines', min = 0, max } = shown;
  const bars = as.endsWith('bars');
  const panel = show(new TimeSeries(), shown, 8)
    .min(min)
    .drawStyle(bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .lineInterpolation(as === 'steps' ? LineInterpolation.StepAfter : LineInterpolation.Linear)
    .lineWidth(1)
    .fillOpacity(bars ? 70 : 10)
    .showPoints(bars ? VisibilityMode.Never : VisibilityMode.Auto)
    .stacking(new StackingConfigBuilder().mode(as === 'stacked bars' ? StackingMode.Normal : StackingMode.None))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  return max === undefined ? panel : panel.max(max);
}

/** A bar for each row, or a group of bars: the first column says what it is of. */
export function barsOf(shown: Shown & { readonly field: string; readonly legend?: boolean }): Builder<Panel> {
  return show(new BarChart(), shown, 8)
    .xField(shown.field)
    .min(0)
    .orientation(VizOrientation.Auto)
    .showValue(VisibilityMode.Auto)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(shown.legend ?? false)
        .calcs([]),
    );
}

/** A bar for each row, lying, with its figure. */
export function gauges(shown: Shown & { readonly min?: number; readonly max?: number }): Builder<Panel> {
  const panel = show(new BarGauge(), shown, 8)
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(true).limit(50));
  if (shown.min !== undefined) panel.min(shown.min);
  return shown.max === undefined ? panel : panel.max(shown.max);
}

export interface Column {
  readonly title?: string;
  readonly unit?: string;
  readonly width?: number;
  /** Is there for links, and not to be seen. */
  readonly hidden?: true;
  readonly link?: { readonly title: string; readonly url: string };
  /** What stands for any value. */
  readonly words?: string;
  readonly colours?: Readonly<Record<string, string>>;
  /** Red from this figure on. */
  readonly redFrom?: number;
}

/** Rows. Columns of which nothing is said are shown as they come. */
export function rows(shown: Shown & { readonly columns?: Readonly<Record<string, Column>> }): Builder<Panel> {
  const panel = show(new Table(), shown, 9);
  for (const [name, column] of Object.entries(shown.columns ?? {})) panel.overrideByName(name, [...properties(column)]);
  return panel;
}

function* properties({
  title,
  unit,
  width,
  hidden,
  link,
  words,
  colours,
  redFrom,
}: Column): Generator<DynamicConfigValue> {
  if (title) yield { id: 'displayName', value: title };
  if (unit) yield { id: 'unit', value: unit };
  if (width) yield { id: 'custom.width', value: width };
  if (hidden) yield { id: 'custom.hideFrom.viz', value: true };
  if (words) {
    yield {
      id: 'mappings',
      value: [{ type: 'range', options: { from: 0, to: Number.MAX_SAFE_INTEGER, result: { text: words } } }],
    };
  }
  if (colours) {
    const options = Object.fromEntries(Object.entries(colours).map(([value, color]) => [value, { color }]));
    yield { id: 'mappings', value: [{ type: 'value', options }] };
    yield { id: 'custom.cellOptions', value: { type: 'color-text' } };
  }
  if (redFrom !== undefined) {
    const steps = [
      { color: 'text', value: null },
      { color: 'red', value: redFrom },
    ];
    yield { id: 'thresholds', value: { mode: 'absolute', steps } };
    yield { id: 'custom.cellOptions', value: { type: 'color-text' } };
  }
  if (link) yield { id: 'links', value: [{ ...link, targetBlank: true }] };
}

/** Rows whose cells are the darker, the greater they are; of the column that names a row, nothing is coloured. */
export function heatMap(shown: Shown & { readonly field: string }): Builder<Panel> {
  const plain = [
    { id: 'custom.cellOptions', value: { type: 'auto' } },
    { id: 'custom.width', value: 110 },
  ];
  return show(new Table(), shown, 9)
    .overrideByFieldType('number', [
      { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } },
      { id: 'color', value: { mode: 'continuous-BlPu' } },
      { id: 'custom.align', value: 'center' },
      { id: 'custom.minWidth', value: 36 },
      { id: 'min', value: 0 },
    ])
    .overrideByName(shown.field, plain);
}
