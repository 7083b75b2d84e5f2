/** A row of the feed: which one it is, and by what it is known to be that one still. */
export interface Position {
  readonly position: number;
  readonly mark: number;
}

/** Of a feed without a row. */
export const NOWHERE: Position = { position: 0, mark: 0 };

/** As it stands in `id:`, for whoever comes again to send back. */
export function textOf({ position, mark }: Position): string {
  return `${position}-${mark.toString(36)}`;
}

/** Null for what is none of ours. */
export function positionOf(text: string): Position | null {
  const [, position, mark] = /^(\d{1,15})-([0-9a-z]{1,7})$/.exec(text) ?? [];
  if (position === undefined || mark === undefined) return null;
  return { position: Number(position), mark: Number.parseInt(mark, 36) };
}
