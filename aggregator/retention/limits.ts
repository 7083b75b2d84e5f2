import type { DeviceRetention } from '../../schemas/device-retention.ts';
import type { RetentionConfig } from './config.ts';

/** What is kept for one time, whichever tables and blobs it is. */
export const CLASSES = [
  'frames',
  'captures',
  'observations',
  'snapshots',
  'events',
  'visits',
  'rollups',
  'claims',
  'dead-letters',
  'outcomes',
  'audit',
  'receipts',
  'sessions',
] as const;
export type ClassName = (typeof CLASSES)[number];

/** How long, in milliseconds; null is for ever. */
export type Limit = number | null;
export type Limits = Readonly<Record<ClassName, Limit>>;

/** All devices but some, or one that has times of its own. */
export interface Scope {
  readonly deviceId: string | null;
  readonly except: readonly string[];
  readonly limits: Limits;
  /** How old a picture becomes before it is made smaller; null is for ever. */
  readonly wholeMs: Limit;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Receipts are for looking back, and each has the settings of its time. */
const RECEIPTS_MS = 30 * DAY_MS;
/**
 * A picture that was looked at may still be the first of a motion of which nothing is told yet, which takes as long as a
 * motion may pause.
 */
const ANALYSED_MS = 15 * 60_000;

/**
 * What the settings come to. A picture goes with its capture at the latest, since nobody would find it; a snapshot with
 * its event; and a claim stays as long as its capture, lest a frame that is sent again be another one beside itself.
 */
export function limitsOf(config: RetentionConfig, own: DeviceRetention = {}): Limits {
  const captures = hoursMs(own.captures_h ?? config.RETENTION_CAPTURES_H);
  const events = daysMs(own.events_d ?? config.RETENTION_EVENTS_D);
  const pictures = hoursMs(own.frames_h ?? config.RETENTION_FRAMES_H);
  return {
    frames: shorter(captures, config.FRAMES_KEEP === 'analysed' ? shorter(pictures, ANALYSED_MS) : pictures),
    captures,
    observations: hoursMs(own.observations_h ?? config.RETENTION_OBSERVATIONS_H),
    snapshots: shorter(events, daysMs(own.snapshots_d ?? config.RETENTION_SNAPSHOTS_D)),
    events,
    visits: daysMs(own.visits_d ?? config.RETENTION_VISITS_D),
    rollups: daysMs(config.RETENTION_ROLLUPS_D),
    claims: longer(captures, daysMs(config.RETENTION_CLAIMS_D)),
    'dead-letters': daysMs(config.RETENTION_DEAD_LETTERS_D),
    outcomes: daysMs(config.RETENTION_OUTCOMES_D),
    audit: daysMs(config.RETENTION_AUDIT_D),
    receipts: RECEIPTS_MS,
    sessions: 0,
  };
}

export interface OwnRetention {
  readonly deviceId: string;
  readonly retention: DeviceRetention;
}

/** After how long pictures are made smaller. */
export function wholeFor(config: RetentionConfig, own: DeviceRetention = {}): Limit {
  return hoursMs(own.frames_downscale_h ?? config.FRAMES_DOWNSCALE_H);
}

/** How long a frame waits for its analysis, whatever its age. */
export function unanalysedFor(config: RetentionConfig): Limit {
  return daysMs(config.RETENTION_UNANALYSED_D);
}

/** Everybody's times for all devices without their own, and each of these by itself. */
export function scopesOf(config: RetentionConfig, owns: readonly OwnRetention[]): readonly Scope[] {
  const comesTo = (own: DeviceRetention) => ({ limits: limitsOf(config, own), wholeMs: wholeFor(config, own) });
  return [
    { deviceId: null, except: owns.map(({ deviceId }) => deviceId), ...comesTo({}) },
    ...owns.map(({ deviceId, retention }) => ({ deviceId, except: [], ...comesTo(retention) })),
  ];
}

function hoursMs(hours: number): Limit {
  return hours === 0 ? null : hours * HOUR_MS;
}

function daysMs(days: number): Limit {
  return days === 0 ? null : days * DAY_MS;
}

function shorter(a: Limit, b: Limit): Limit {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

export function longer(a: Limit, b: Limit): Limit {
  return a === null || b === null ? null : Math.max(a, b);
}
