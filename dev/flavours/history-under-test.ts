import { fixedCodec } from '../../schemas/codec.ts';
import { derivedId, frameId } from '../../schemas/identity.ts';
import { event, frame, letter, NOW_MS, observation } from '../../schemas/records-under-test.ts';
import type { DeadLetter, Event, Frame, Observation } from '../../schemas/types.ts';

export { NOW_MS };
export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;
export const OWNER = '00000000-0000-4000-8000-00000000000a';

/** Where days begin at other hours, and at no full hour; and nowhere in particular. */
export const PLACES = `
  insert into users (id, username, password_hash, role) values ('${OWNER}', 'owner', '', 'operator');
  insert into sites (id, owner_id, name, time_zone, created_at) values
    ('00000000-0000-4000-8000-0000000000b1', '${OWNER}', 'Berlin', 'Europe/Berlin', '2026-01-01'),
    ('00000000-0000-4000-8000-0000000000b2', '${OWNER}', 'Pune', 'Asia/Kolkata', '2026-01-01');
  insert into devices (id, owner_id, site_id, created_at) values
    ('door', '${OWNER}', '00000000-0000-4000-8000-0000000000b1', '2026-01-01'),
    ('hall', '${OWNER}', '00000000-0000-4000-8000-0000000000b2', '2026-01-01'),
    ('yard', null, null, '2026-01-01');
  insert into ingest_outcomes (minute, device_id, code, status, count) values
    ('2026-05-01 11:00', 'door', 'queued', 202, 300),
    ('2026-05-01 11:00', 'door', 'duplicate', 200, 3),
    ('2026-05-01 11:00', null, 'unauthorized', 401, 2),
    ('2026-05-01 11:01', 'hall', 'unavailable', 503, 1);
`;

const DEVICES = ['door', 'hall', 'yard'];
const DAYS = 40;

/** What somebody's stay is told as: by default over, in its second version. */
export function visit(name: string, { hoursAgo, ...change }: { hoursAgo: number } & Partial<Event>): Event {
  const occurred_at = NOW_MS - hoursAgo * HOUR_MS;
  const ended_at = change.ended_at === undefined ? occurred_at + 90_000 : change.ended_at;
  const dwell_ms = (ended_at ?? occurred_at + 5_000) - occurred_at;
  return event(name, {
    type: 'visit',
    version: 2,
    occurred_at,
    payload: {
      kind: 'Visit',
      person_id: derivedId('test-person', name),
      state: ended_at === null ? 'updated' : 'closed',
      dwell_ms,
      dwell_min_ms: dwell_ms,
      dwell_max_ms: dwell_ms + 1_000,
      last_seen_at: occurred_at + dwell_ms,
      track_id: null,
      sightings: 12,
      confidence: 0.75,
      box: null,
    },
    ...change,
    ended_at,
  });
}

/** Forty days of three cameras: stays at all hours, in the picture and in zones, and a crowd now and then. */
export function events(): readonly Event[] {
  return DEVICES.flatMap((device_id, place) =>
    Array.from({ length: DAYS * 6 }, (_, index) => {
      const hoursAgo = index * 4 + place * 0.7 + 0.25;
      const name = `${device_id} ${index}`;
      const of = { device_id, hoursAgo };
      const started = NOW_MS - hoursAgo * HOUR_MS;
      const ended_at = index % 7 === 0 ? null : started + 20_000 + index * 1_000;
      return [
        visit(name, { ...of, ended_at }),
        event(`${name} zone`, {
          device_id,
          type: 'zone_entered',
          occurred_at: started + 5_000,
          ended_at: ended_at && ended_at - 1_000,
          payload: {
            kind: 'ZoneChange',
            zone_id: `z${index % 2}`,
            zone_name: '',
            person_id: 'P',
            stay_ms: null,
            box: null,
          },
        }),
        ...(index % 60 === 59
          ? [
              event(`${name} silence`, {
                device_id,
                type: 'device_offline',
                occurred_at: started,
                payload: { kind: 'Other', data_json: '{}' },
              }),
            ]
          : []),
        ...(index % 5 === 0
          ? [
              event(`${name} crowd`, {
                device_id,
                type: 'crowd',
                occurred_at: started,
                ended_at,
                payload: {
                  kind: 'Crowd',
                  zone_id: index % 2 ? 'z1' : null,
                  zone_name: null,
                  people: index,
                  lasted_ms: 9,
                },
              }),
              // A type that is known, told in words that are not.
              event(`${name} odd`, {
                device_id,
                type: 'crowd',
                occurred_at: started,
                payload: { kind: 'Other', data_json: '{"people":1e300,"zone_id":{"a":1}}' },
              }),
            ]
          : []),
      ];
    }).flat(),
  );
}

/** Two days of frames, a quarter of an hour apart. */
export function frames(): readonly Frame[] {
  return DEVICES.flatMap((device_id) =>
    Array.from({ length: 192 }, (_, seq) => {
      const captured_at = NOW_MS - 2 * DAY_MS + (seq - 7) * 900_000;
      return frame(seq, {
        frame_id: frameId(device_id, 0, seq),
        device_id,
        captured_at,
        received_at: captured_at + 50,
        blob_key: `images/${device_id}/${seq}.jpg`,
      });
    }),
  );
}

/** Of all frames but the last few, and some that lie among the others. */
export function observations(): readonly Observation[] {
  return frames()
    .filter(({ seq }) => seq < 180 && seq % 11 > 0)
    .map(({ frame_id, device_id, seq, captured_at }) => observation(seq, { frame_id, device_id, captured_at }));
}

/** Some pictures cannot be read. */
export function letters(): readonly DeadLetter[] {
  return frames()
    .filter(({ seq }) => seq % 33 === 11)
    .map((of) =>
      letter(of.seq, {
        dead_letter_id: derivedId('test-letter', of.frame_id),
        device_id: of.device_id,
        original_key: of.device_id,
        original_value: fixedCodec.encode('frame', of),
        frame_id: of.frame_id,
        captured_at: of.captured_at,
      }),
    );
}
