import { readFileSync } from 'node:fs';
import { fitted } from '../../ports/detector/input-tensor.ts';
import type { Model } from '../../ports/detector/model.ts';
import { createDecoder, type Picture } from '../../ports/detector/picture.ts';
import { Unusable } from '../../ports/errors.ts';

/** A JPEG of this machine, at the size at which the model looks at it. */
export async function readPicture({ understood }: Model, path: string): Promise<Picture> {
  const picture = await createDecoder((original) => fitted(original, understood.input))(readFileSync(path));
  if ('code' in picture) throw new Unusable(`${path}: ${picture.message}`);
  return picture;
}
