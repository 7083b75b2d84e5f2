import { describe, expect, test } from 'vitest';
import { APPEARANCE_BYTES, appearanceOf, blend, similarity } from './appearance.ts';

type Colour = readonly [red: number, green: number, blue: number];
const SIZE = { width: 80, height: 120 };
const BOX = { x: 0.25, y: 0.1, width: 0.5, height: 0.8 };
const red: Colour = [180, 40, 40];
const blue: Colour = [40, 60, 170];
const black: Colour = [20, 20, 22];
const white: Colour = [230, 230, 228];
const skin: Colour = [200, 150, 120];

describe('appearance', () => {
  test('is that of clothes, not of what is behind', () => {
    const onWhite = lookOf({ top: red, legs: blue, behind: white });
    expect(onWhite).toHaveLength(APPEARANCE_BYTES);
    expect(similarity(onWhite, lookOf({ top: red, legs: blue, behind: black }))).toBeGreaterThan(0.97);
  });

  test('tells apart other clothes, and the same ones worn the other way round', () => {
    const one = lookOf({ top: red, legs: blue });
    expect(similarity(one, lookOf({ top: white, legs: black }))).toBeLessThan(0.6);
    expect(similarity(one, lookOf({ top: blue, legs: red }))).toBeLessThan(0.6);
    expect(similarity(lookOf({ top: black, legs: blue }), lookOf({ top: white, legs: blue }))).toBeLessThan(0.8);
  });

  test('stays much the same in somewhat less light', () => {
    const dimmer = (colour: Colour): Colour => [colour[0] * 0.85, colour[1] * 0.85, colour[2] * 0.85];
    const dim = lookOf({ top: dimmer(red), legs: dimmer(blue), head: dimmer(skin) });
    expect(similarity(lookOf({ top: red, legs: blue }), dim)).toBeGreaterThan(0.97);
  });

  test('of somebody half outside the picture is of what can be seen', () => {
    const picture = { rgb: new Uint8Array(SIZE.width * SIZE.height * 3).fill(128), ...SIZE };
    const outside = appearanceOf(picture, { x: 0.9, y: 0.9, width: 0.3, height: 0.4 });
    expect(similarity(outside, appearanceOf(picture, BOX))).toBeCloseTo(1);
  });

  test('likeness is 1 with itself, 0 with nothing, and the same both ways', () => {
    const [one, other] = [lookOf({ top: red, legs: blue }), lookOf({ top: white, legs: blue })];
    expect(similarity(one, one)).toBe(1);
    expect(similarity(one, new Uint8Array(APPEARANCE_BYTES))).toBe(0);
    expect(similarity(one, other)).toBe(similarity(other, one));
  });

  test('what is known moves towards what is seen, and comes to rest there', () => {
    const [known, seen] = [lookOf({ top: red, legs: blue }), lookOf({ top: white, legs: blue })];
    let blended = known;
    for (let times = 0; times < 60; times += 1) blended = blend(blended, seen, 0.1);
    expect(similarity(blend(known, seen, 0.1), known)).toBeGreaterThan(0.98);
    expect(similarity(blended, seen)).toBeGreaterThan(0.98);
  });
});

interface Dressed {
  readonly top: Colour;
  readonly legs: Colour;
  readonly head?: Colour;
  readonly behind?: Colour;
}

function lookOf({ top, legs, head = skin, behind = white }: Dressed): Uint8Array {
  const rgb = new Uint8Array(SIZE.width * SIZE.height * 3);
  for (let y = 0; y < SIZE.height; y += 1) {
    const down = (y / SIZE.height - BOX.y) / BOX.height;
    const worn = down < 0.17 ? head : down < 0.51 ? top : legs;
    for (let x = 0; x < SIZE.width; x += 1) {
      const isPerson = Math.abs(x / SIZE.width - 0.5) < BOX.width * 0.35 && down >= 0 && down < 1;
      rgb.set(isPerson ? worn : behind, (y * SIZE.width + x) * 3);
    }
  }
  return appearanceOf({ rgb, ...SIZE }, BOX);
}
