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

/** Fills an input with a picture: in its place, in the model's order of channels and scale, grey around it. */
export function createFiller(input: InputDescription, form: InputForm) {
  const { width, height, colour, mean, std, pad } = input;
  const channels = [0, 1, 2].map((channel) => ({
    source: colour === 'rgb' ? channel : 2 - channel,
    /** What each of the 256 values becomes. */
    values: Float32Array.from({ length: 256 }, (_, value) => (value - (mean[channel] ?? 0)) / (std[channel] ?? 1)),
  }));
  const [pixelStep, channelStep] = form.channelsLast ? [3, 1] : [1, width * height];

  return ({ rgb, ...picture }: Picture): Uint8Array | Float32Array => {
    const tensor = createTensor(form, input);
    const { left, top } = offsetOf(picture, input);
    const covered = picture.width === width && picture.height === height;
    for (const [channel, { source, values }] of channels.entries()) {
      const first = channel * channelStep;
      if (!covered) {
        const grey = values[pad] as number;
        for (let pixel = 0; pixel < width * height; pixel += 1) tensor[first + pixel * pixelStep] = grey;
      }
      for (let y = 0; y < picture.height; y += 1) {
        let from = y * picture.width * 3 + source;
        let to = first + ((top + y) * width + left) * pixelStep;
        for (let x = 0; x < picture.width; x += 1, from += 3, to += pixelStep) {
          tensor[to] = values[rgb[from] as number] as number;
        }
      }
    }
    return tensor;
  };
}
