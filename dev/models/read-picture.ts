import { readFileSync } from 'node:fs';
import { bareJpeg } from '../../ports/detector/bare-jpeg.ts';
import { fitted } from '../../ports/detector/input-tensor.ts';
import type { Model } from '../../ports/detector/model.ts';
import { createDecoder, type Picture } from '../../ports/detector/picture.ts';
import { Unusable } from '../../ports/errors.ts';

/** A JPEG at the size at which the model looks at it; `name` is what a refusal calls it. */
export async function pictureFor(
  { understood }: Model,
  jpeg: Buffer,
  name: string,
  /** Null for sharp alone, whose pixels are to the last digit those that others have. */
  bare = bareJpeg,
): Promise<Picture> {
  const picture = await createDecoder((original) => fitted(original, understood.input), bare)(jpeg);
  if ('code' in picture) throw new Unusable(`${name}: ${picture.message}`);
  return picture;
}

/** The same of a file. */
export function readPicture(model: Model, path: string): Promise<Picture> {
  return pictureFor(model, readFileSync(path), path);
}
