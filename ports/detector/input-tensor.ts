import type { InputDescription } from './model-description.ts';
import type { Picture, Size } from './picture.ts';

/** How the model's input is laid out in memory, which its shape and type say. */
export interface InputForm {
  readonly name: string;
  readonly type: 'uint8' | 'float32';
  readonly channelsLast: boolean;
}

/** One picture's worth of numbers, all 0. */
export function createTensor({ type }: InputForm, { width, height }: Size): Uint8Array | Float32Array {
  return type === 'uint8' ? new Uint8Array(width * height * 3) : new Float32Array(width * height * 3);
}

/** The size at which a picture comes into an input of another size. */
export function fitted(original: Size, { width, height, placement }: InputDescription): Size {
  if (placement === 'stretched') return { width, height };
  const ratio = Math.min(width / original.width, height / original.height);
  return {
    width: Math.max(1, Math.min(width, Math.round(original.width * ratio))),
    height: Math.max(1, Math.min(height, Math.round(original.height * ratio))),
  };
}

/** Where its top left corner comes to lie. */
export function offsetOf(picture: Size, { width, height, placement }: InputDescription) {
  return placement === 'centred'
    ? { left: Math.floor((width - picture.width) / 2), top: Math.floor((height - picture.height) / 2) }
    : { left: 0, top: 0 };
}

/**
 * Fills an input with a picture: in its place, in the model's order of channels and scale, grey around it. It is the same
 * memory each time, so a picture is gone when the next one comes.
 */
export function createFiller(input: InputDescription, form: InputForm) {
  const { width, height, colour, pad } = input;
  /** What each of the 256 values becomes, for each of the model's channels. */
  const [first, second, third] = [0, 1, 2].map((channel) => scaleOf(input, channel)) as [Scale, Scale, Scale];
  const [firstOf, thirdOf] = colour === 'rgb' ? [0, 2] : [2, 0];
  const [pixelStep, channelStep] = form.channelsLast ? [3, 1] : [1, width * height];
  const asItComes = form.channelsLast && colour === 'rgb' && [first, second, third].every(changesNothing);
  const empty = createTensor(form, input);
  for (const [channel, scale] of [first, second, third].entries()) {
    for (let pixel = 0; pixel < width * height; pixel += 1) {
      empty[channel * channelStep + pixel * pixelStep] = scale[pad] as number;
    }
  }

  const tensor = empty.slice();
  return ({ rgb, ...picture }: Picture): Uint8Array | Float32Array => {
    tensor.set(empty);
    const { left, top } = offsetOf(picture, input);
    for (let y = 0; y < picture.height; y += 1) {
      let from = y * picture.width * 3;
      const end = from + picture.width * 3;
      let to = ((top + y) * width + left) * pixelStep;
      if (asItComes) {
        tensor.set(rgb.subarray(from, end), to);
        continue;
      }
      for (; from < end; from += 3, to += pixelStep) {
        tensor[to] = first[rgb[from + firstOf] as number] as number;
        tensor[to + channelStep] = second[rgb[from + 1] as number] as number;
        tensor[to + 2 * channelStep] = third[rgb[from + thirdOf] as number] as number;
      }
    }
    return tensor;
  };
}

type Scale = Float32Array;

function scaleOf({ mean, std }: InputDescription, channel: number): Scale {
  return Float32Array.from({ length: 256 }, (_, value) => (value - (mean[channel] ?? 0)) / (std[channel] ?? 1));
}

function changesNothing(scale: Scale): boolean {
  return scale.every((becomes, value) => becomes === value);
}
