import { Type } from 'typebox';
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
