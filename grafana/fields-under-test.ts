import type { Panel, Use } from './questions.ts';

/** A column as Grafana has it, once a data source of it has read an answer. */
export interface Field {
  readonly name: string;
  readonly type: string;
}

/**
 * What keeps Grafana from showing an answer, in words. Where there is no row, it has no columns either: a panel tells of it,
 * and a variable takes it for an error.
 */
export function misfits(fields: readonly Field[], use: Use): readonly string[] {
  const unknown = fields.filter(({ type }) => !TYPES.includes(type)).map(({ name, type }) => `${name} is ${type}`);
  if (use === 'variable') return [...unknown, ...amiss(ofVariable(fields))];
  if (fields.length === 0) return [];
  return [...unknown, ...amiss(use === 'annotation' ? ofAnnotation(fields) : ofPanel(fields, use))];
}

const TYPES = ['time', 'number', 'string', 'boolean'];

/** What is to hold, by what is said where it does not. */
type Demands = Readonly<Record<string, boolean>>;
const amiss = (demands: Demands) => Object.keys(demands).filter((text) => !demands[text]);

const count = (fields: readonly Field[], type: string) => fields.filter((field) => field.type === type).length;
const has = (fields: readonly Field[], name: string, type?: string) =>
  fields.some((field) => field.name === name && (type === undefined || field.type === type));

function ofVariable(fields: readonly Field[]): Demands {
  return {
    'no row': fields.length > 0,
    'no texts and values':
      fields.length < 2 || (has(fields, '__text') && has(fields, '__value') && fields.length === 2),
    'not in words': count(fields, 'string') === fields.length,
  };
}

/** Of a database it has a text; of Prometheus a value, and labels that tell the text. */
function ofAnnotation(fields: readonly Field[]): Demands {
  return {
    'no time': count(fields, 'time') === 1,
    'no text': has(fields, 'text', 'string') || count(fields, 'number') === 1,
  };
}

function ofPanel(fields: readonly Field[], { type, options, fieldConfig }: Panel): Demands {
  const named = fieldConfig?.overrides.filter(({ matcher }) => matcher.id === 'byName') ?? [];
  return {
    'no number': type === 'table' || count(fields, 'number') > 0,
    'no series':
      type !== 'timeseries' || (count(fields, 'time') === 1 && count(fields, 'number') === fields.length - 1),
    'no name for each bar': options?.xField === undefined || has(fields, options.xField, 'string'),
    ...Object.fromEntries(named.map(({ matcher }) => [`no ${matcher.options}`, has(fields, matcher.options)])),
  };
}

/**
 * What Grafana's PostgreSQL data source makes of columns. It knows types by their numbers; of a time series it makes one
 * number for each value of `metric`; and a number that is called `time` is seconds since 1970.
 */
export function fieldsOf(
  columns: readonly { readonly name: string; readonly dataTypeID: number }[],
  format: string,
): readonly Field[] {
  const fields = columns.map(({ name, dataTypeID }) => {
    const type = TYPE_OF[dataTypeID] ?? `of the type ${dataTypeID}`;
    return { name, type: name === 'time' && type === 'number' ? 'time' : type };
  });
  const isMetric = ({ name, type }: Field) => name === 'metric' && type === 'string';
  return format === 'time_series' ? fields.filter((field) => !isMetric(field)) : fields;
}

/** By oid: boolean; bigint, smallint, integer, real, double precision, numeric; text, varchar; date, timestamp, timestamptz. */
const TYPE_OF: Readonly<Record<number, string>> = {
  16: 'boolean',
  ...Object.fromEntries([20, 21, 23, 700, 701, 1700].map((oid) => [oid, 'number'])),
  ...Object.fromEntries([25, 1043].map((oid) => [oid, 'string'])),
  ...Object.fromEntries([1082, 1114, 1184].map((oid) => [oid, 'time'])),
};
