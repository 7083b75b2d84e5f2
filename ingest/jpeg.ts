/** Whether bytes begin as every JPEG does. Whether they go on as one, the processor's decoder finds out. */
export function looksLikeJpeg(bytes: Buffer): boolean {
  return bytes.length > 3 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}
