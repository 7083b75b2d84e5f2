import { Unusable } from '../errors.ts';
import { cocoClasses } from './class-names.ts';
import type { InputForm } from './input-tensor.ts';
import { layouts } from './layouts/all.ts';
import type { Layout, Output, Reading, Trial, Wanted } from './layouts/layout.ts';
import { type InputDescription, type ModelDescription, SIDE_MAX, SIDE_MIN } from './model-description.ts';
import type { Size } from './picture.ts';

/** What a model file says of itself. */
export interface ModelShapes {
  readonly inputs: readonly { readonly name: string; readonly type: string; readonly shape: Shape }[];
  readonly metadata: ReadonlyMap<string, string>;
}

type Shape = readonly (number | string)[];

/** A model that is understood: how to give it a picture, and how to read what it puts out. */
export interface Understood {
  readonly layout: Layout['name'];
  readonly because: string;
  readonly input: InputDescription;
  readonly classes: readonly string[];
  readonly wanted: readonly Wanted[];
  readonly overlapMax: number;
  readonly read: Reading['read'];
}

const CONFIDENCE_MIN = 0.4;
const OVERLAP_MAX = 0.6;
const SIZE_OF_ANY: Size = { width: 320, height: 320 };

export function understandInput({ inputs, metadata }: ModelShapes, given: ModelDescription): InputForm & Size {
  const [input, ...others] = inputs;
  if (!input || others.length > 0) throw new Unusable(`it has ${inputs.length} inputs; one, a picture, is expected`);
  const { name, type, shape } = input;
  const is = `its input ${name} is ${type} ${show(shape)}`;
  if (type !== 'uint8' && type !== 'float32') throw new Unusable(`${is}; uint8 or float32 is expected`);
  const channelsLast = shape.at(-1) === 3;
  if (shape.length !== 4 || (!channelsLast && shape[1] !== 3)) {
    throw new Unusable(`${is}; [n, 3, height, width] or [n, height, width, 3] is expected`);
  }
  if (typeof shape[0] === 'number' && shape[0] > 1) throw new Unusable(`${is}; it takes no single picture`);
  const fixed = channelsLast ? shape.slice(1, 3) : shape.slice(2, 4);
  const [height, width] = fixed.map((side) => (typeof side === 'number' && side > 0 ? side : undefined));
  const any = sizeIn(metadata) ?? SIZE_OF_ANY;
  const size = {
    width: width ?? given.input?.width ?? any.width,
    height: height ?? given.input?.height ?? any.height,
  };
  for (const side of ['width', 'height'] as const) {
    const wanted = given.input?.[side];
    if (wanted !== undefined && wanted !== size[side]) {
      throw new Unusable(`its description says that the input's ${side} is ${wanted}, but the model has ${size[side]}`);
    }
  }
  return { name, type, channelsLast, ...size };
}

export function understandOutput(
  outputs: readonly Output[],
  {
    form: { type, width, height },
    metadata,
    given,
  }: {
    readonly form: InputForm & Size;
    readonly metadata: ModelShapes['metadata'];
    readonly given: ModelDescription;
  },
): Understood {
  const [layout, reading] = findLayout({ outputs, input: { width, height } }, given);
  const classes = namesGiven(given) ?? namesIn(metadata) ?? usualNames(reading.classCount);
  const twice = classes.filter((name, index) => classes.indexOf(name) !== index);
  if (twice.length > 0)
    throw new Unusable(`its classes have names that are there twice: ${[...new Set(twice)].join(', ')}`);
  const scale = type === 'uint8' ? bytesAsTheyAre : {};
  const input = { ...reading.input, ...scale, ...given.input, width, height };
  if (type === 'uint8' && [...input.mean, ...input.std.map((std) => std - 1)].some((off) => off !== 0)) {
    throw new Unusable('its input is uint8, which holds 0 to 255 and nothing else: no mean and no std can be given');
  }
  if (reading.classCount !== null && classes.length !== reading.classCount) {
    throw new Unusable(`it tells ${reading.classCount} classes apart, but ${classes.length} names are given`);
  }
  return {
    layout: layout.name,
    because: reading.because,
    input,
    classes,
    wanted: chooseClasses(classes, given.confidence),
    overlapMax: given.overlapMax ?? OVERLAP_MAX,
    read: reading.read,
  };
}

function findLayout(trial: Trial, { output = {} }: ModelDescription): readonly [Layout, Reading] {
  for (const layout of layouts) {
    if (output.layout !== undefined && output.layout !== layout.name) continue;
    const reading = layout.open(trial, output);
    if (reading) return [layout, reading];
  }
  const outputs = trial.outputs.map(({ name, dims }) => `${name} ${show(dims)}`).join(', ');
  const { width, height } = trial.input;
  throw new Unusable(
    `what it puts out for a picture of ${width} by ${height} is ${output.layout ? `not of the layout ${output.layout}` : 'of no layout that is known'}: ${outputs}`,
  );
}

/** Whoever looks for people is not told of every chair: a model that knows persons tells of them alone, unless asked. */
function chooseClasses(classes: readonly string[], given: ModelDescription['confidence']): readonly Wanted[] {
  const confidence = given ?? (classes.includes('person') ? { person: CONFIDENCE_MIN } : { '*': CONFIDENCE_MIN });
  const unknown = Object.keys(confidence).filter((name) => name !== '*' && !classes.includes(name));
  if (unknown.length > 0) {
    throw new Unusable(`a confidence is given for ${unknown.join(', ')}, but its classes are ${classes.join(', ')}`);
  }
  return classes.flatMap((name, index) => {
    const confidenceMin = Object.hasOwn(confidence, name) ? confidence[name] : confidence['*'];
    return confidenceMin === undefined ? [] : [{ index, confidenceMin }];
  });
}

const bytesAsTheyAre: Pick<InputDescription, 'mean' | 'std'> = { mean: [0, 0, 0], std: [1, 1, 1] };

function namesGiven({ classes }: ModelDescription): readonly string[] | undefined {
  return classes === 'coco' ? cocoClasses : classes;
}

/** Eighty are those of COCO. For any others a guess would be told as truth: a number plate as a person. */
function usualNames(count: number | null): readonly string[] {
  if (count === cocoClasses.length) return cocoClasses;
  throw new Unusable(
    `it tells ${count === null ? 'an unknown number of' : count} classes apart, and nothing says which: a JSON of the same name beside it can, as "classes": ["person"], or "coco" for its eighty`,
  );
}

/** Ultralytics writes them as Python would: `{0: 'person', 1: 'bicycle'}`. Null where a number is left out. */
function namesIn(metadata: ModelShapes['metadata']): readonly string[] | null {
  const names: string[] = [];
  const told = [...(metadata.get('names') ?? '').matchAll(/(\d+)\s*:\s*(?:'([^']*)'|"([^"]*)")/g)];
  for (const [, number, single, double] of told) names[Number(number)] = single ?? double ?? '';
  return told.length > 0 && names.length === told.length ? names : null;
}

/** `[480, 640]`: down, across. */
function sizeIn(metadata: ModelShapes['metadata']): Size | null {
  const [, height, width] = /^\[\s*(\d+)\s*,\s*(\d+)\s*\]$/.exec(metadata.get('imgsz') ?? '') ?? [];
  if (!height || !width) return null;
  const size = { width: Number(width), height: Number(height) };
  if (Math.min(size.width, size.height) < SIDE_MIN || Math.max(size.width, size.height) > SIDE_MAX) {
    throw new Unusable(
      `its metadata says that pictures are ${width} by ${height}; ${SIDE_MIN} to ${SIDE_MAX} are expected`,
    );
  }
  return size;
}

function show(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}
