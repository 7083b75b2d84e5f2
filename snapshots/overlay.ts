import type { Box } from '../schemas/types.ts';
import { dotsOf, sizeOfText } from './glyphs.ts';

/** What is laid over a picture: RGBA, and clear where nothing was drawn. */
export interface Overlay {
  readonly width: number;
  readonly height: number;
  readonly rgba: Buffer;
  /** Whatever was there before is replaced, so that areas that overlap look like one. */
  fill(area: Area, colour: Colour): void;
  /** Lies within the area. */
  outline(area: Area, thickness: number, colour: Colour): void;
  /** On a plate of its own colour, since nobody knows what it will lie on. */
  write(text: string, how: Writing): void;
}

export interface Writing {
  /** Of the plate. */
  readonly left: number;
  readonly top: number;
  /** How many pixels a dot is wide. */
  readonly scale: number;
  readonly ink: Colour;
  readonly plate: Colour;
}

/** In pixels; right and bottom are past the last one. What lies outside the picture is left out. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** All pixels that a rectangle in shares of the picture touches. */
export function areaOf(
  { x, y, width, height }: Box,
  picture: { readonly width: number; readonly height: number },
): Area {
  return {
    left: Math.floor(x * picture.width),
    top: Math.floor(y * picture.height),
    right: Math.ceil((x + width) * picture.width),
    bottom: Math.ceil((y + height) * picture.height),
  };
}

export type Colour = readonly [red: number, green: number, blue: number, alpha: number];

export function createOverlay({ width, height }: { readonly width: number; readonly height: number }): Overlay {
  const pixels = new Uint32Array(width * height);

  const fill: Overlay['fill'] = ({ left, top, right, bottom }, colour) => {
    const [from, to] = [Math.max(left, 0), Math.min(right, width)];
    // Through bytes, so that the order of a number's bytes on this machine does not matter.
    const [value = 0] = new Uint32Array(Uint8Array.from(colour).buffer);
    if (from >= to) return;
    for (let row = Math.max(top, 0); row < Math.min(bottom, height); row += 1) {
      pixels.fill(value, row * width + from, row * width + to);
    }
  };

  return {
    width,
    height,
    rgba: Buffer.from(pixels.buffer),
    fill,

    outline({ left, top, right, bottom }, thickness, colour) {
      fill({ left, top, right, bottom: Math.min(top + thickness, bottom) }, colour);
      fill({ left, top: Math.max(bottom - thickness, top), right, bottom }, colour);
      fill({ left, top, right: Math.min(left + thickness, right), bottom }, colour);
      fill({ left: Math.max(right - thickness, left), top, right, bottom }, colour);
    },

    write(text, { left, top, scale, ink, plate }) {
      const { columns, rows } = sizeOfText(text);
      fill({ left, top, right: left + columns * scale, bottom: top + rows * scale }, plate);
      for (const { column, row } of dotsOf(text)) {
        const [dotLeft, dotTop] = [left + column * scale, top + row * scale];
        fill({ left: dotLeft, top: dotTop, right: dotLeft + scale, bottom: dotTop + scale }, ink);
      }
    },
  };
}
