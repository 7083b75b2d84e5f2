import { noPlaces, type Places, type PlacesFrame, stepPlaces } from '../../processor/places.ts';
import type { PlaceSettings } from '../../processor/presence.ts';
import type { Person } from '../../processor/tracks.ts';
import { settingsFrom } from '../../schemas/device-settings.ts';
import { createRoom, HEIGHT_PX, project, WIDTH_PX } from '../simulate/room.ts';
import type { TrueBox } from '../simulate/scene.ts';
import { createVisitors } from '../simulate/visitors.ts';
import { SEEN_SHARE } from './to-be-seen.ts';

/**
 * A simulated room with a zone before its shelf and a line across its door, both drawn on the floor, and how often they
 * are entered, left and crossed. Whoever is shown where they truly are gives the true counts: by the same rules, so that
 * what is judged is who was found, and where.
 */
export interface Counts {
  readonly entered: number;
  readonly left: number;
  readonly in: number;
  readonly out: number;
}

export const noCounts: Counts = { entered: 0, left: 0, in: 0, out: 0 };

export function addCounts(a: Counts, b: Counts): Counts {
  return { entered: a.entered + b.entered, left: a.left + b.left, in: a.in + b.in, out: a.out + b.out };
}

export function isSame(a: Counts, b: Counts): boolean {
  return a.entered === b.entered && a.left === b.left && a.in === b.in && a.out === b.out;
}

export function placesOf(seed: number, camera: string): PlaceSettings {
  const { view, shelf, door, depthM } = createRoom(seed, camera);
  const onFloor = (x: number, z: number) => {
    const spot = project(view, { x, y: 0, z });
    const within = (share: number) => Math.min(1, Math.max(0, share));
    return { x: within(spot.x / WIDTH_PX), y: within(spot.y / HEIGHT_PX) };
  };
  const [nearM, farM] = [depthM - 1, depthM - 0.45];
  return settingsFrom({
    zones: [
      {
        id: 'shelf',
        points: [
          onFloor(shelf.left, farM),
          onFloor(shelf.right, farM),
          onFloor(shelf.right, nearM),
          onFloor(shelf.left, nearM),
        ],
      },
    ],
    // From left to right as the camera sees it: to the right hand is towards the camera.
    lines: [
      { id: 'door', points: [onFloor(door.left - 0.3, depthM - 0.25), onFloor(door.right + 0.3, depthM - 0.25)] },
    ],
  });
}

/** What somebody did, and when. */
export interface Happening {
  readonly what: keyof Counts;
  readonly personId: string;
  readonly atMs: number;
  /** Which names a stay; null for a way over a line. */
  readonly enteredAtMs: number | null;
}

export function countsOf(happenings: readonly Happening[]): Counts {
  const counts = { ...noCounts };
  for (const { what } of happenings) counts[what] += 1;
  return counts;
}

/** Notes what people do who are told of frame by frame. */
export function createCounting(settings: PlaceSettings) {
  const happenings: Happening[] = [];
  let places: Places = noPlaces;
  let framesAtMs: readonly number[] = [];
  return {
    happenings: happenings as readonly Happening[],
    step(atMs: number, people: readonly Person[]): void {
      const frame: Omit<PlacesFrame, 'framesAtMs'> = {
        frameId: String(atMs),
        frameSeq: atMs,
        atMs,
        timeQuality: 'ntp',
        model: 'truth',
        people,
      };
      const [next, told] = stepPlaces(places, { ...frame, framesAtMs }, settings);
      places = next;
      framesAtMs = [...framesAtMs, atMs].slice(-2);
      for (const { type, version, occurredAtMs: atMs, payload } of told) {
        if (payload.kind === 'LineCrossing') {
          happenings.push({
            what: payload.direction === 'in' ? 'in' : 'out',
            personId: payload.person_id,
            atMs,
            enteredAtMs: null,
          });
        }
        if (payload.kind !== 'ZoneChange') continue;
        const [personId, enteredAtMs] = [payload.person_id, atMs - (payload.stay_ms ?? 0)];
        if (type === 'zone_entered' && version === 1)
          happenings.push({ what: 'entered', personId, atMs, enteredAtMs: atMs });
        if (type === 'zone_left') happenings.push({ what: 'left', personId, atMs, enteredAtMs });
      }
    },
  };
}

/** Who is in the picture, behind others too, where they really stand: what a door's edge hides of them does not move their feet. */
export function createTruth(seed: number, camera: string) {
  const room = createRoom(seed, camera);
  const visitors = createVisitors({ seed, camera, room, crowd: 0 });
  return (atMs: number, boxes: readonly TrueBox[]): readonly Person[] => {
    const seen = new Set(
      boxes.filter(({ visibleShare }) => visibleShare >= SEEN_SHARE).map(({ personId }) => personId),
    );
    return visitors
      .at(atMs)
      .filter(({ personId }) => seen.has(personId))
      .map(({ personId, spot }) => {
        const { x, y } = project(room.view, { ...spot, y: 0 });
        return {
          personId,
          trackId: personId,
          box: { x: x / WIDTH_PX, y: 0, width: 0, height: y / HEIGHT_PX },
          confidence: 1,
          firstSeenAtMs: 0,
          unseenBeforeMs: null,
          cameFrom: null,
          sightings: 1,
        };
      });
  };
}
