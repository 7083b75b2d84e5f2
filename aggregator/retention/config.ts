import { type Static, type TInteger, Type } from 'typebox';
import { drawnConfig } from '../../schemas/snapshot-config.ts';

const hours = (usual: number, what: string): TInteger =>
  Type.Integer({ default: usual, minimum: 0, maximum: 876_000, description: `Hours that ${what}; 0 is for ever.` });
const days = (usual: number, what: string): TInteger =>
  Type.Integer({ default: usual, minimum: 0, maximum: 36_500, description: `Days that ${what}; 0 is for ever.` });

/** How long everything is kept: docs/retention.md. */
export const retentionConfig = Type.Object({
  ...drawnConfig.properties,
  FRAMES_KEEP: Type.Union([Type.Literal('whole'), Type.Literal('analysed')], {
    default: 'whole',
    description: 'Whether pictures stay for RETENTION_FRAMES_H, or go as soon as they are analysed.',
  }),
  RETENTION_FRAMES_H: hours(48, 'pictures are kept, no longer than their captures'),
  FRAMES_DOWNSCALE_H: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 876_000,
    description: 'Hours after which pictures of analysed frames are made smaller; 0 is never.',
  }),
  FRAMES_DOWNSCALE_WIDTH: Type.Integer({
    default: 320,
    minimum: 32,
    maximum: 4_096,
    description: 'How wide a picture is at most that was made smaller.',
  }),
  RETENTION_CAPTURES_H: hours(48, 'what is known of each frame is kept'),
  RETENTION_OBSERVATIONS_H: hours(48, 'it is known what was seen in each frame'),
  RETENTION_STAGING_H: hours(24, 'a picture waits that no frame is made of'),
  RETENTION_SNAPSHOTS_D: days(90, 'drawn pictures are kept, no longer than their events'),
  RETENTION_EVENTS_D: days(90, 'events are kept'),
  RETENTION_VISITS_D: days(90, 'visits are kept'),
  RETENTION_ROLLUPS_D: days(1_825, 'sums by the hour are kept'),
  RETENTION_UNANALYSED_D: days(30, 'a frame waits that nobody analyses'),
  RETENTION_CLAIMS_D: days(30, 'a frame that is sent again is known'),
  RETENTION_DEAD_LETTERS_D: days(90, 'dead letters are kept, with their pictures'),
  RETENTION_OUTCOMES_D: days(7, 'it is known what became of what devices sent'),
  RETENTION_AUDIT_D: days(730, 'it is known who has changed what'),
});

export type RetentionConfig = Static<typeof retentionConfig>;
