import { Type } from 'typebox';
import type { Search } from '../list-events.ts';
import { asUtc, filters, invalidQuery, TEXT } from './filters.ts';

const CAMERAS_MAX = 1_000;
const CAMERA = /^[^\0]{0,100}$/;

/** What events are asked for by, in the words of the events API. */
export const eventFilters = {
  // Each is looked at below: one of many may be named by itself.
  camera_id: Type.Optional(
    Type.Array(Type.String(), { description: 'Only these devices: `a,b`, or several times; at most 1,000' }),
  ),
  event_type: Type.Optional(
    Type.String({
      maxLength: 50,
      pattern: TEXT,
      description: 'such as visit, motion, device_offline, device_online',
    }),
  ),
  start_time: filters.start_time,
  end_time: filters.end_time,
};

interface Asked {
  readonly camera_id?: readonly string[];
  readonly event_type?: string;
  readonly start_time?: string;
  readonly end_time?: string;
}

/** The events that are meant, whosever they are. */
export function eventsNamed(query: Asked) {
  return {
    cameras: query.camera_id === undefined ? null : camerasNamed(query.camera_id),
    types: query.event_type === undefined ? null : [query.event_type],
    from: asUtc(query, 'start_time'),
    to: asUtc(query, 'end_time'),
  };
}

/** No device has a comma in its name. */
function camerasNamed(named: readonly string[]): readonly string[] {
  const cameras = [...new Set(named.flatMap((some) => some.split(',')))];
  if (cameras.length > CAMERAS_MAX) throw invalidQuery('camera_id', `must name at most ${CAMERAS_MAX} devices`);
  if (!cameras.every((camera) => CAMERA.test(camera))) {
    throw invalidQuery('camera_id', 'must be names of devices, of at most 100 characters each');
  }
  return cameras;
}

const word = (description: string) => Type.Optional(Type.String({ maxLength: 200, pattern: TEXT, description }));
const least = (description: string) => Type.Optional(Type.Number({ minimum: 0, maximum: 1e9, description }));

/** What an event may be searched for by: what it tells, and not when, where and of which type it is. */
export const searchFilters = {
  class_name: word('what was seen, such as person'),
  min_confidence: least('how sure that was at least, 0 to 1'),
  max_confidence: least('and at most'),
  zone: word('a zone’s id, or its name at that time'),
  person_id: word('whom it tells of'),
  min_dwell_s: least('how long they stayed at least, in seconds'),
  max_dwell_s: least('and at most'),
  model: word('the detector’s model'),
  q: word('what is among the words of `event_data`, whatever the case'),
};

/** Null where nothing is searched for. */
export function searched(query: { readonly [Name in keyof typeof searchFilters]?: string | number }): Search | null {
  const search: Record<string, string | number> = {};
  for (const name of Object.keys(searchFilters) as (keyof typeof searchFilters)[]) {
    const value = query[name];
    if (value !== undefined) search[name] = value;
  }
  return Object.keys(search).length === 0 ? null : search;
}
