import { derivedId, frameId } from '../../../schemas/identity.ts';
import type { Box, Event, EventPayload } from '../../../schemas/types.ts';
import { createRandom, type Random } from '../../simulate/random.ts';

/**
 * A made-up history of many cameras: forty events for every seven visits, evenly through day and night. It depends on the
 * seed alone, and is made slice by slice, so that a year takes no more memory than an hour.
 */
export interface HistoryOptions {
  readonly seed: number;
  readonly devices: readonly string[];
  /** A full hour, in which it begins. */
  readonly fromMs: number;
  readonly hours: number;
  readonly visitsPerDevice: number;
}

/** What was told of some full hours; nothing of it begins in any other. */
export interface Slice {
  readonly fromMs: number;
  readonly toMs: number;
  readonly events: readonly Event[];
}

export const EVENTS_PER_VISIT = 40 / 7;
const HOUR_MS = 3_600_000;
const STAY_MS_MAX = 30 * 60_000;
const STAY_MS_USUAL = 90_000;
const FRAMES_PER_S = 5;
const ZONES = ['door', 'shelf', 'till'] as const;
const MODEL = 'a-model-of-persons 1.0.0';

/** Slices of about so many events, none longer than the history nor shorter than an hour. */
export function* historyOf(options: HistoryOptions, eventsPerSlice: number): Generator<Slice> {
  const { devices, fromMs, hours, visitsPerDevice } = options;
  const eventsPerHour = (devices.length * visitsPerDevice * EVENTS_PER_VISIT) / hours;
  const hoursPerSlice = Math.max(1, Math.min(hours, Math.round(eventsPerSlice / eventsPerHour)));
  for (let first = 0; first < hours; first += hoursPerSlice) {
    const past = Math.min(hours, first + hoursPerSlice);
    const numbers = Array.from({ length: past - first }, (_, index) => first + index);
    const events = numbers.flatMap((hour) => devices.flatMap((_, device) => eventsOfHour(options, device, hour)));
    events.sort((a, b) => a.occurred_at - b.occurred_at);
    yield { fromMs: fromMs + first * HOUR_MS, toMs: fromMs + past * HOUR_MS, events };
  }
}

/** Of each event that has an end also how it was told as it began, in the order in which a log would have them. */
export function withFirstVersions(events: readonly Event[]): readonly Event[] {
  const told = events.flatMap((event) => {
    const atMs = event.ended_at ?? event.occurred_at;
    if (event.ended_at === null) return [{ atMs, event }];
    return [
      { atMs: event.occurred_at, event: { ...event, version: 1, ended_at: null } },
      { atMs, event },
    ];
  });
  return told.sort((a, b) => a.atMs - b.atMs).map(({ event }) => event);
}

/** How many visits of a device have begun before an hour; each device a little later than the one before it. */
function visitsBefore({ devices, hours, visitsPerDevice }: HistoryOptions, device: number, hour: number): number {
  return Math.floor((visitsPerDevice * hour) / hours + device / devices.length);
}

function eventsOfHour(options: HistoryOptions, device: number, hour: number): readonly Event[] {
  const [first, past] = [visitsBefore(options, device, hour), visitsBefore(options, device, hour + 1)];
  const slotMs = HOUR_MS / (past - first);
  const deviceId = options.devices[device] ?? '';
  return Array.from({ length: past - first }, (_, index) => {
    const number = first + index;
    return eventsOfVisit({
      deviceId,
      number,
      fromMs: options.fromMs + hour * HOUR_MS + index * slotMs,
      slotMs,
      random: createRandom(options.seed, deviceId, number),
    });
  }).flat();
}

interface VisitPlan {
  readonly deviceId: string;
  readonly number: number;
  /** Where the time begins that this visit has to itself before its camera, and how long it is. */
  readonly fromMs: number;
  readonly slotMs: number;
  readonly random: Random;
}

function eventsOfVisit({ deviceId, number, fromMs, slotMs, random }: VisitPlan): readonly Event[] {
  const startMs = Math.floor(fromMs + random.between(0, slotMs * 0.3));
  const stayMs = Math.floor(Math.min(STAY_MS_MAX, slotMs * 0.6, 2_000 - Math.log(1 - random.next()) * STAY_MS_USUAL));
  const at = (share: number) => startMs + Math.floor(stayMs * share);
  // One of five is somebody who was there before.
  const person = random.chance(0.2) ? Math.max(0, number - Math.ceil(random.between(0, 50))) : number;
  const person_id = derivedId('person', deviceId, person);
  const zone = random.pick(ZONES);
  const inZone = { zone_id: zone, zone_name: `The ${zone}`, person_id, box: boxOf(random) };

  const event = (type: Event['type'], fromMs: number, untilMs: number | null, payload: EventPayload): Event => {
    const seq = Math.floor((fromMs / 1_000) * FRAMES_PER_S);
    return {
      event_id: derivedId('bench', type, deviceId, number, fromMs),
      device_id: deviceId,
      type,
      version: untilMs === null ? 1 : 2,
      occurred_at: fromMs,
      ended_at: untilMs,
      frame_id: frameId(deviceId, 1, seq),
      frame_seq: seq,
      lane: 'live',
      time_quality: 'ntp',
      model: type === 'motion' ? null : MODEL,
      config_version: 1,
      payload,
    };
  };
  const motion = (from: number, until: number) =>
    event('motion', from, until, {
      kind: 'Motion',
      score: random.between(0.01, 0.2),
      peak_score: random.between(0.2, 0.6),
      frames: Math.ceil(((until - from) / 1_000) * FRAMES_PER_S),
      boxes: [boxOf(random), boxOf(random)],
    });

  const events = [
    motion(at(0), at(0.5)),
    event('visit', at(0), at(1), {
      kind: 'Visit',
      person_id,
      state: 'closed',
      dwell_ms: stayMs,
      dwell_min_ms: stayMs,
      dwell_max_ms: stayMs + 400,
      last_seen_at: at(1),
      track_id: derivedId('track', deviceId, number),
      sightings: Math.ceil((stayMs / 1_000) * FRAMES_PER_S),
      confidence: random.between(0.6, 1),
      box: boxOf(random),
    }),
    event('zone_entered', at(0.2), at(0.8), { kind: 'ZoneChange', ...inZone, stay_ms: at(0.8) - at(0.2) }),
    event('zone_left', at(0.8), null, { kind: 'ZoneChange', ...inZone, stay_ms: at(0.8) - at(0.2) }),
    event('line_crossed', at(0.1), null, {
      kind: 'LineCrossing',
      line_id: 'entrance',
      line_name: 'The entrance',
      person_id,
      direction: random.pick(['in', 'out']),
      box: boxOf(random),
    }),
  ];
  // Five more of every seven visits.
  const turn = number % 7;
  if (turn === 0 || turn === 2 || turn === 4) events.push(motion(at(0.6), at(1)));
  if (turn === 3) {
    const payload = { zone_id: zone, zone_name: inZone.zone_name, people: 4, lasted_ms: at(0.9) - at(0.4) };
    events.push(event('crowd', at(0.4), at(0.9), { kind: 'Crowd', ...payload }));
  }
  if (turn === 6) events.push(event('loitering', at(0.7), null, { kind: 'Loitering', ...inZone, stay_ms: stayMs }));
  return events;
}

function boxOf(random: Random): Box {
  const [width, height] = [random.between(0.02, 0.2), random.between(0.1, 0.5)];
  return { x: random.between(0, 1 - width), y: random.between(0, 1 - height), width, height };
}
