export interface Part {
  readonly name: string;
  readonly filename?: string;
  readonly content: Buffer | string;
}

/** The body of a form, put together by hand: it is made for each frame, or is to be broken. */
export function multipartBody(parts: readonly Part[], boundary: string): Buffer {
  return Buffer.concat([
    ...parts.flatMap(({ name, filename, content }) => [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"`),
      Buffer.from(filename === undefined ? '\r\n\r\n' : `; filename="${filename}"\r\nContent-Type: image/jpeg\r\n\r\n`),
      typeof content === 'string' ? Buffer.from(content) : content,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}
