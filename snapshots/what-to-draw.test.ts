import { expect, test } from 'vitest';
import { event } from '../schemas/records-under-test.ts';
import type { Event, Visit } from '../schemas/types.ts';
import { whatToDraw } from './what-to-draw.ts';

const box = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 };
const frame_id = 'b3f1c2de-0000-4000-8000-000000000000';
const visit: Visit & { readonly kind: 'Visit' } = {
  kind: 'Visit',
  person_id: 'p',
  state: 'closed',
  dwell_ms: 1,
  dwell_min_ms: 1,
  dwell_max_ms: 1,
  last_seen_at: 1,
  track_id: 't',
  sightings: 2,
  confidence: 0.9,
  box,
};
const stay = { zone_id: 'z', zone_name: '', person_id: 'p', stay_ms: 1, box } as const;
const tracking = { track_id: 't', tracking_action: 'entered', class_name: 'person', confidence: 0.8 } as const;
const motion = { kind: 'Motion', score: 0.1, peak_score: 0.2, frames: 2, boxes: [box] } as const;
const somebody = { box, className: 'person', confidence: null, trackId: null };

test.each<[string, Partial<Event>, ReturnType<typeof whatToDraw>]>([
  ['a motion that lasts', { type: 'motion', ended_at: null, payload: motion }, null],
  [
    'a motion that is over',
    { type: 'motion', ended_at: 5, payload: motion },
    { kind: 'motion', boxes: [box], peakScore: 0.2 },
  ],
  ['a visit that lasts', { type: 'visit', payload: { ...visit, state: 'updated' } }, null],
  [
    'a visit that is over',
    { type: 'visit', payload: visit },
    { kind: 'thing', frameId: frame_id, thing: { box, className: 'person', confidence: 0.9, trackId: 't' } },
  ],
  [
    'a visit that names no place',
    { type: 'visit', payload: { ...visit, box: null } },
    expect.objectContaining({ outcome: 'no-place' }),
  ],
  [
    'a visit that names no frame',
    { type: 'visit', payload: visit, frame_id: null },
    expect.objectContaining({ outcome: 'no-place' }),
  ],
  [
    'a track',
    { type: 'tracking', payload: { kind: 'Tracking', ...tracking, bounding_box: box, person_id: 'p' } },
    { kind: 'thing', frameId: frame_id, thing: { box, className: 'person', confidence: 0.8, trackId: 't' } },
  ],
  [
    'a detection',
    { type: 'detection', payload: { kind: 'Detection', class_name: 'car', confidence: 0.7, box } },
    { kind: 'thing', frameId: frame_id, thing: { box, className: 'car', confidence: 0.7, trackId: null } },
  ],
  [
    'who enters a zone',
    { type: 'zone_entered', payload: { kind: 'ZoneChange', ...stay } },
    { kind: 'thing', frameId: frame_id, thing: somebody },
  ],
  [
    'who loiters',
    { type: 'loitering', payload: { kind: 'Loitering', ...stay } },
    { kind: 'thing', frameId: frame_id, thing: somebody },
  ],
  [
    'who crosses a line',
    {
      type: 'line_crossed',
      payload: { kind: 'LineCrossing', line_id: 'l', line_name: '', person_id: 'p', direction: 'in', box },
    },
    { kind: 'thing', frameId: frame_id, thing: somebody },
  ],
  [
    'a motion that tells of something else',
    { type: 'motion', ended_at: 5, payload: { kind: 'Other', data_json: '{}' } },
    expect.objectContaining({ outcome: 'no-motion' }),
  ],
])('of %s', (_, change, drawn) => {
  expect(whatToDraw(event('camera-1', { frame_id, ...change }))).toEqual(drawn);
});
