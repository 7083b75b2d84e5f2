import type { NoPicture, Picture, Size } from './picture.ts';

/**
 * Finds things in pictures. What every model promises, whatever its layout, and `detector.contract.ts` checks:
 *
 *  1. The same picture gives the same detections in the same order, surest first, whatever else is being looked at.
 *  2. A box lies within the picture. A detection is of a class that the model names and is at least as sure as that
 *     class asks for, people down to `faint`, and no two of one class overlap more than the model allows.
 *  3. A picture at which the model fails is a value with a reason; the next one is looked at as if nothing had been.
 *  4. A model that cannot be used is refused before anything is looked at, in words (`Unusable`): it is missing, it is
 *     not the file that was meant, or what it puts out is not understood.
 */
export interface Detector {
  /** The model and its version, as it is noted beside whatever was found. */
  readonly model: string;
  readonly people: PeopleBounds;
  /** At which size a picture is to be decoded. */
  fit(original: Size): Size;
  detect(picture: Picture): Promise<readonly Detection[] | NoPicture>;
}

/** Whoever follows people is told of fainter ones, too: somebody half hidden still is where they were. */
export interface PeopleBounds {
  /** Who is found as surely as this is a person. */
  readonly sure: number;
  /** Less sure than this, nobody is told. */
  readonly faint: number;
}

export interface Detection {
  readonly className: string;
  /** 0 to 1. */
  readonly confidence: number;
  /** In shares of the picture, from its top left. */
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}
