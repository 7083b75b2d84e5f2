import { type Static, Type } from 'typebox';
import type { EventType } from './types.ts';

/** Of which events a picture can be drawn: they name a frame, and where in it. Crowds are told of without places. */
export const DRAWABLE = [
  'motion',
  'visit',
  'detection',
  'tracking',
  'loitering',
  'line_crossed',
  'zone_entered',
  'zone_left',
] as const satisfies readonly EventType[];
export type Drawable = (typeof DRAWABLE)[number];

const ONE = `(${DRAWABLE.join('|')})`;

/** What is drawn: snapshots draws it, and the aggregator keeps the frames that it takes. */
export const drawnConfig = Type.Object({
  ENABLE_SNAPSHOTS: Type.Boolean({ default: true, description: 'Whether pictures are drawn of events at all.' }),
  SNAPSHOT_TYPES: Type.String({
    default: 'motion,visit,detection,tracking,loitering',
    pattern: `^${ONE}(,${ONE})*$`,
    description: `Of which types of events, by commas: ${DRAWABLE.join(', ')}.`,
  }),
});

export type DrawnConfig = Static<typeof drawnConfig>;

export function drawnTypes({ ENABLE_SNAPSHOTS, SNAPSHOT_TYPES }: DrawnConfig): readonly Drawable[] {
  const wanted = SNAPSHOT_TYPES.split(',');
  return ENABLE_SNAPSHOTS ? DRAWABLE.filter((type) => wanted.includes(type)) : [];
}
