import type { InputDescription, OutputDescription } from '../model-description.ts';
import type { Size } from '../picture.ts';

/** A family of outputs: how to tell it by its shapes, how its models want their pictures, and how boxes are read. */
export interface Layout {
  readonly name: OutputDescription['layout'];
  /** Null if these are no outputs of this layout. */
  open(trial: Trial, given: Partial<OutputDescription>): Reading | null;
}

/** What the model put out for a picture of one colour. */
export interface Trial {
  readonly outputs: readonly Output[];
  readonly input: Size;
}

export interface Output {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface Reading {
  /** What it was told by, for `npm run model:inspect`. */
  readonly because: string;
  /** Null where the outputs do not say. */
  readonly classCount: number | null;
  /** How models of this kind are usually given their pictures. */
  readonly input: Omit<InputDescription, 'width' | 'height'>;
  /** All boxes that one of the wanted classes is sure enough of, of the surest of these, in pixels of the input. */
  read(outputs: readonly Output[], wanted: readonly Wanted[]): Candidate[];
}

export interface Wanted {
  readonly index: number;
  readonly confidenceMin: number;
}

export interface Candidate {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly confidence: number;
  readonly classIndex: number;
}

/** The surest of the wanted classes, of those that are sure enough. */
export function surest(
  wanted: readonly Wanted[],
  confidenceOf: (classIndex: number) => number,
): { readonly classIndex: number; readonly confidence: number } | null {
  let best: { classIndex: number; confidence: number } | null = null;
  for (const { index, confidenceMin } of wanted) {
    const confidence = confidenceOf(index);
    if (confidence >= confidenceMin && confidence > (best?.confidence ?? 0)) best = { classIndex: index, confidence };
  }
  return best;
}

export const plain: Reading['input'] = {
  colour: 'bgr',
  mean: [0, 0, 0],
  std: [1, 1, 1],
  placement: 'top-left',
  pad: 114,
};

export const zeroToOne: Reading['input'] = { ...plain, colour: 'rgb', std: [255, 255, 255], placement: 'centred' };

/** The means and deviations of ImageNet, which many are trained with. */
export const imageNet: Reading['input'] = {
  ...plain,
  colour: 'rgb',
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
};

/** A box by its centre and sides, as corners. */
export function corners([x, y, width, height]: Readonly<[x: number, y: number, width: number, height: number]>) {
  return { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
}

/** For the other order of the channels. */
export function reversed({ mean, std }: Pick<InputDescription, 'mean' | 'std'>) {
  return { mean: [...mean].reverse(), std: [...std].reverse() };
}
