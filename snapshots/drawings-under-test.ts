import { type OpenPicture, openPicture } from './open-picture.ts';

/** A picture that can be opened. */
export async function opened(jpeg: Buffer): Promise<OpenPicture> {
  const picture = await openPicture(jpeg);
  if ('code' in picture) throw new Error(picture.message);
  return picture;
}
