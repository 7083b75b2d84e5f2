import { sizeOfText } from './glyphs.ts';
import { laidOver, type OpenPicture } from './open-picture.ts';
import { type Area, areaOf, type Colour, createOverlay } from './overlay.ts';
import type { Thing } from './what-to-draw.ts';

const BLACK: Colour = [0, 0, 0, 255];
const WHITE: Colour = [255, 255, 255, 255];

/** Told apart by most eyes, also from each other's neighbours; people have the first for themselves. */
const PERSON_COLOUR: Colour = [255, 56, 56, 255];
const COLOURS: readonly Colour[] = [
  [255, 178, 29, 255],
  [0, 194, 255, 255],
  [72, 249, 10, 255],
  [132, 56, 255, 255],
  [255, 149, 200, 255],
  [0, 212, 187, 255],
  [52, 69, 147, 255],
  [207, 210, 49, 255],
  [203, 56, 255, 255],
  [26, 147, 52, 255],
  [255, 112, 31, 255],
  [100, 115, 255, 255],
];

/** A part of a track's id is enough to know it again among those of a camera. */
const ID_CHARS = 8;

/**
 * The picture of a thing that an event tells of, as PNG: a box in the colour of its class, with a dark edge so that it is
 * seen on any background, and beside it `class_name: confidence (ID:track_id)` on a plate of that colour.
 */
export async function drawThing(picture: OpenPicture, thing: Thing): Promise<Buffer> {
  const { width, height } = picture;
  const overlay = createOverlay({ width, height });
  const colour = colourOf(thing.className);
  const area = within(areaOf(thing.box, { width, height }), { width, height });
  const thickness = Math.max(1, Math.round(Math.min(width, height) / 160));
  overlay.outline(area, thickness + 2, BLACK);
  overlay.outline(grown(area, -1), thickness, colour);
  const label = labelFor(thing, width);
  if (label !== null) {
    const place = placeOf(label, area, { width, height });
    overlay.write(label.text, { ...place, scale: label.scale, ink: inkOn(colour), plate: colour });
  }
  return await laidOver(picture, overlay);
}

export function colourOf(className: string): Colour {
  if (className === 'person') return PERSON_COLOUR;
  let sum = 0;
  for (const character of className) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return COLOURS[sum % COLOURS.length] ?? WHITE;
}

interface Label {
  readonly text: string;
  readonly scale: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** As much of it as there is room for: first the id is left out, then how sure it is, and then all of it. */
function labelFor({ className, confidence, trackId }: Thing, width: number): Label | null {
  const sure = confidence === null ? className : `${className}: ${confidence.toFixed(2)}`;
  const texts = [...(trackId === null ? [] : [`${sure} (ID:${trackId.slice(0, ID_CHARS)})`]), sure, className];
  const text = texts.find((one) => sizeOfText(one).columns <= width);
  if (text === undefined) return null;
  return { text, scale: Math.max(1, Math.min(Math.round(width / 260), Math.floor(width / sizeOfText(text).columns))) };
}

/** Above the box if there is room, otherwise inside it at its top; never outside of the picture. */
function placeOf({ text, scale }: Label, { left, top }: Area, { width, height }: Size) {
  const { columns, rows } = sizeOfText(text);
  const above = top - rows * scale;
  return {
    left: clamp(left, width - columns * scale),
    top: clamp(above >= 0 ? above : top, height - rows * scale),
  };
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}

/** Boxes may go a little beyond the picture: their edges are drawn at its own. */
function within({ left, top, right, bottom }: Area, { width, height }: Size): Area {
  return {
    left: clamp(left, width),
    top: clamp(top, height),
    right: clamp(right, width),
    bottom: clamp(bottom, height),
  };
}

function grown({ left, top, right, bottom }: Area, by: number): Area {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by };
}

/** Whichever stands out more, as WCAG reckons. */
export function inkOn(colour: Colour): Colour {
  return contrast(colour, BLACK) >= contrast(colour, WHITE) ? BLACK : WHITE;
}

export function contrast(one: Colour, other: Colour): number {
  const [darker = 0, lighter = 0] = [lightnessOf(one), lightnessOf(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function lightnessOf([red, green, blue]: Colour): number {
  const linear = (value: number) => (value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}
