import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import pLimit from 'p-limit';
import { Unusable } from '../errors.ts';
import type { Detection, PeopleBounds } from './detector.ts';
import { createFiller, createTensor, type InputForm, offsetOf } from './input-tensor.ts';
import type { Candidate, Output, Wanted } from './layouts/layout.ts';
import type { ModelDescription } from './model-description.ts';
import { readMetadata } from './model-metadata.ts';
import type { Picture, Size } from './picture.ts';
import { readDescription } from './read-description.ts';
import { suppress } from './suppress.ts';
import { type Understood, understandInput, understandOutput } from './understand-model.ts';

/** A model in this thread, which it blocks while it looks: onnxruntime-node has no other way. */
export interface Model {
  /** Its file's name, and the first digits of its checksum. */
  readonly version: string;
  readonly understood: Understood;
  readonly form: InputForm & Size;
  readonly people: PeopleBounds;
  /** One picture after the other, in the order in which they come. */
  detect(picture: Picture): Promise<Detection[]>;
  close(): Promise<void>;
}

export interface ModelOptions {
  /** The .onnx file; a .json of the same name beside it may say what the file does not. */
  readonly path: string;
  /** How many threads look at one picture. */
  readonly threads: number;
  /** Instead of what the JSON says. */
  readonly given?: ModelDescription;
  /** Of the confidence that a person asks for: how much is enough to be told. All of it, unless it is said. */
  readonly faintShare?: number;
}

/** What `npm run eval:tracking` gains by: fainter ones are mostly nobody. */
export const FAINT_SHARE = 0.75;

const VERSION_DIGITS = 8;
/** It is told with every visit, and a device's state holds some dozens of them. */
const NAME_MAX = 60;

/** Opens a model and shows it a picture of nothing: so it is understood, and the first real picture does not wait. */
export async function openModel(options: ModelOptions): Promise<Model> {
  const { path } = options;
  try {
    return await open(options);
  } catch (error) {
    throw new Unusable(`The model ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function open({ path, threads, given: instead, faintShare = 1 }: ModelOptions): Promise<Model> {
  const file = await readFile(path);
  const given = { ...(await readDescription(path)), ...instead };
  const sha256 = createHash('sha256').update(file).digest('hex');
  if (given.sha256 !== undefined && given.sha256 !== sha256) {
    throw new Unusable(`its SHA-256 is ${sha256}, but the one that the JSON beside it means has ${given.sha256}`);
  }
  const session = await InferenceSession.create(file, sessionOptions(threads));
  const metadata = readMetadata(file);
  const inputs = session.inputMetadata.map((input) => {
    if (!input.isTensor) throw new Unusable(`its input ${input.name} is no tensor`);
    return input;
  });
  const form = understandInput({ inputs, metadata }, given);
  const infer = (tensor: Uint8Array | Float32Array) => run(session, form, tensor);
  const even = createTensor(form, form).fill(form.type === 'uint8' ? 114 : 0.5);
  const outputs = await infer(even);
  const understood = understandOutput(outputs, { form, metadata, given });
  const { input, classes, overlapMax, read } = understood;
  const isPerson = ({ index }: Wanted) => classes[index] === 'person';
  const wanted = understood.wanted.map((one) =>
    isPerson(one) ? { ...one, confidenceMin: one.confidenceMin * faintShare } : one,
  );
  const sure = understood.wanted.find(isPerson)?.confidenceMin ?? 1;
  // What fails here would fail at every picture.
  read(outputs, wanted);
  const fill = createFiller(input, form);
  const inTurn = pLimit(1);
  return {
    version: `${basename(path, '.onnx').slice(0, NAME_MAX)}@${sha256.slice(0, VERSION_DIGITS)}`,
    understood,
    form,
    people: { sure, faint: sure * faintShare },
    detect: (picture) => inTurn(() => look(picture)),
    close: () => session.release(),
  };

  async function look(picture: Picture): Promise<Detection[]> {
    const place = { ...offsetOf(picture, input), width: picture.width, height: picture.height };
    const candidates = read(await infer(fill(picture)), wanted).flatMap((candidate) => cutAt(place, candidate));
    return suppress(candidates, overlapMax).map((candidate) => asDetection(candidate, place, classes));
  }
}

export function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Errors only: models are full of what it would warn of.
    logSeverityLevel: 3,
    // Threads that wait for the next picture would otherwise burn the processor meanwhile.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}

async function run(
  session: InferenceSession,
  form: InputForm & Size,
  tensor: Uint8Array | Float32Array,
): Promise<Output[]> {
  const { name, channelsLast, width, height } = form;
  const dims = channelsLast ? [1, height, width, 3] : [1, 3, height, width];
  const input = tensor instanceof Uint8Array ? new Tensor('uint8', tensor, dims) : new Tensor('float32', tensor, dims);
  const outputs = await session.run({ [name]: input });
  return session.outputNames.map((output): Output => {
    const { dims, data, type } = outputs[output] as Tensor;
    return { name: output, dims, data: numbersOf(data, `its output ${output} is ${type}`) };
  });
}

function numbersOf(data: Tensor['data'], is: string): ArrayLike<number> {
  // Class numbers come as 64-bit integers.
  if (data instanceof BigInt64Array) return Float64Array.from(data, Number);
  if (data instanceof Float32Array || data instanceof Float64Array || data instanceof Int32Array) return data;
  throw new Unusable(`${is}; float32, float64, int32 or int64 is expected`);
}

/** Where the picture lies in the model's input. */
interface Place extends Size {
  readonly left: number;
  readonly top: number;
}

/** As far as it lies in the picture; nothing where it lies wholly outside, or is nowhere (NaN). */
function cutAt(place: Place, candidate: Candidate): Candidate[] {
  const left = Math.max(candidate.left, place.left);
  const top = Math.max(candidate.top, place.top);
  const right = Math.min(candidate.right, place.left + place.width);
  const bottom = Math.min(candidate.bottom, place.top + place.height);
  return right > left && bottom > top ? [{ ...candidate, left, top, right, bottom }] : [];
}

function asDetection(
  { left, top, right, bottom, confidence, classIndex }: Candidate,
  place: Place,
  classes: readonly string[],
): Detection {
  const [x, y] = [(left - place.left) / place.width, (top - place.top) / place.height];
  const box = { x, y, width: (right - left) / place.width, height: (bottom - top) / place.height };
  return { className: classes[classIndex] as string, confidence: Math.min(1, confidence), box };
}
