import { expect } from 'vitest';

/** Rows, cells apart by ` | `; or what is to be true of them, where a figure is nobody's promise. */
type Answer = readonly string[] | ((rows: readonly string[]) => void);

interface Expected {
  readonly all: Answer;
  readonly few: Answer;
  /** Where there is nothing at all: no row, if nothing is said. */
  readonly empty?: Answer;
}

const bytesOf = (rows: readonly string[]) => rows.map((row) => Number(row.split(' | ').at(-1)));
const isDatabase = (rows: readonly string[]) => {
  expect(rows).toHaveLength(1);
  expect(bytesOf(rows)[0]).toBeGreaterThan(1_000_000);
};
const areTables = (rows: readonly string[]) => {
  expect(rows).toHaveLength(20);
  expect(rows.map((row) => row.split(' | ')[0])).toEqual(expect.arrayContaining(['events', 'captures']));
  expect(bytesOf(rows)).toEqual(bytesOf(rows).toSorted((a, b) => b - a));
  expect(Math.min(...bytesOf(rows))).toBeGreaterThan(0);
};
const sizes = (answer: Answer): Expected => ({ all: answer, few: answer, empty: answer });

/** From noon to noon: how many were there in each hour, or in each six; of zones, of one after the other. */
function levels(everyHours: number, ...of: readonly (readonly [string, string])[]): readonly string[] {
  return Array.from({ length: 24 / everyHours + 1 }, (_, place) => {
    const time = new Date(Date.UTC(2026, 3, 30, 12 + place * everyHours)).toISOString();
    const at = `${time.slice(0, 10)} ${time.slice(11, 16)}`;
    return of.map(([zone, people]) => `${at} | ${zone}${people[place]}`);
  }).flat();
}

/** Of known-data-under-test.ts, by what asks. */
export const expected: Readonly<Record<string, Expected>> = {
  'variable site': {
    all: [
      'Berlin | 00000000-0000-4000-8000-0000000000b1',
      'Pune | 00000000-0000-4000-8000-0000000000b2',
      'no site | none',
    ],
    few: [
      'Berlin | 00000000-0000-4000-8000-0000000000b1',
      'Pune | 00000000-0000-4000-8000-0000000000b2',
      'no site | none',
    ],
    empty: ['no site | none'],
  },
  'variable device': {
    all: ['Front door | door', 'hall | hall', "o'clock | o'clock", 'yard | yard'],
    few: ['Front door | door', "o'clock | o'clock"],
    empty: ['no device | no device'],
  },
  'annotation Configurations': {
    all: [
      '2026-04-30 18:00 | hall has configuration 1 | configuration',
      '2026-05-01 08:30 | Front door has configuration 2 | configuration',
    ],
    few: ['2026-05-01 08:30 | Front door has configuration 2 | configuration'],
  },
  'devices: Devices': {
    all: ['2 | 1 | 1 | 0'],
    few: ['1 | 0 | 0 | 0'],
    empty: ['0 | 0 | 0 | 0'],
  },
  'devices: Clocks': {
    all: ['set | 1', 'not set | 1', 'not told | 1'],
    few: ['set | 1'],
  },
  'devices: Devices, one by one': {
    all: [
      'Front door | Berlin | online | 2026-05-01 11:59 | burst | set | -61 | 90000 | 2000000000 | 3900 | 41.5 | 3600 | 5 | 1.2 | 2 | - | door',
      'hall | Pune | online | 2026-05-01 11:58 | baseline | not set | -83 | 15000 | - | - | - | 60 | - | 1.0 | 1 | no card | hall',
      "o'clock | Berlin | not set up | - | - | - | - | - | - | - | - | - | - | - | - | - | o'clock",
      'yard | - | offline | 2026-05-01 06:00 | - | - | - | - | - | - | - | - | - | - | 1 | - | yard',
    ],
    few: [
      'Front door | Berlin | online | 2026-05-01 11:59 | burst | set | -61 | 90000 | 2000000000 | 3900 | 41.5 | 3600 | 5 | 1.2 | 2 | - | door',
    ],
  },
  'devices: Silences': {
    all: [
      '2026-05-01 07:00 | yard | offline | -',
      '2026-05-01 03:00 | hall | online again | -',
      '2026-05-01 02:00 | hall | offline | 3600',
    ],
    few: [],
  },
  'devices: Signal': {
    all: ['hall | -83', 'Front door | -61'],
    few: ['Front door | -61'],
  },
  'devices: Free heap': {
    all: ['hall | 15000', 'Front door | 90000'],
    few: ['Front door | 90000'],
  },
  'devices: Free on the card': {
    all: ['Front door | 2000000000'],
    few: ['Front door | 2000000000'],
  },
  'devices: Ledger': {
    all: ['hall | 5 | 4 | 0 | 0 | 1', 'Front door | 18 | 14 | 2 | 2 | 0'],
    few: ['Front door | 18 | 14 | 2 | 2 | 0'],
  },
  'devices: Frames received': {
    all: ['2026-05-01 10:00 | Front door | 5', '2026-05-01 11:00 | Front door | 9', '2026-05-01 11:00 | hall | 4'],
    few: ['2026-05-01 06:00 | Front door | 14'],
  },
  'devices: What devices were answered': {
    all: ['2026-05-01 10:00 | 0 | 0 | 2 | 0', '2026-05-01 11:00 | 300 | 3 | 0 | 1'],
    few: ['2026-05-01 06:00 | 300 | 3 | 0 | 0'],
  },
  'variable zone': {
    all: ['Till (desk) | desk', 'shelf | shelf', 'Till (till) | till'],
    few: ['Till (desk) | desk', 'shelf | shelf', 'Till (till) | till'],
    empty: ['no zone | no zone'],
  },
  'variable type': {
    all: ['crowd', 'device_offline', 'device_online', 'motion', 'visit', 'zone_entered'],
    few: ['crowd', 'visit', 'zone_entered'],
    empty: ['no event'],
  },
  'events: Events over time': {
    all: [
      '2026-04-30 20:00 | visit | 1',
      '2026-05-01 02:00 | device_offline | 1',
      '2026-05-01 03:00 | device_online | 1',
      '2026-05-01 07:00 | device_offline | 1',
      '2026-05-01 08:00 | motion | 1',
      '2026-05-01 09:00 | visit | 1',
      '2026-05-01 09:00 | zone_entered | 1',
      '2026-05-01 10:00 | visit | 2',
      '2026-05-01 10:00 | zone_entered | 1',
      '2026-05-01 11:00 | crowd | 2',
      '2026-05-01 11:00 | visit | 2',
      '2026-05-01 11:00 | zone_entered | 4',
    ],
    few: ['2026-05-01 06:00 | crowd | 2', '2026-05-01 06:00 | visit | 4'],
  },
  'events: Events by type': {
    all: ['visit | 6', 'zone_entered | 6', 'crowd | 2', 'device_offline | 2', 'device_online | 1', 'motion | 1'],
    few: ['visit | 4', 'crowd | 2'],
  },
  'events: Events': {
    all: [
      '2026-05-01T11:50:30.000Z | zone_entered | Front door | Berlin | shelf | P3 | - | live | - | 11 | {"stay_ms": null}',
      '2026-05-01 11:50 | visit | Front door | Berlin | - | P3 | - | live | - | 4 | {"state": "updated", "dwell_ms": 5000, "sightings": 3, "confidence": 0.5, "dwell_max_ms": 5000, "dwell_min_ms": 5000}',
      '2026-05-01 11:41 | crowd | Front door | Berlin | Shelf | - | - | live | - | 14 | {"people": 3, "lasted_ms": 1}',
      '2026-05-01 11:40 | crowd | Front door | Berlin | - | - | 300 | live | - | 13 | {"people": 4, "lasted_ms": 300000}',
      '2026-05-01T11:35:10.000Z | zone_entered | Front door | Berlin | Till | P3 | 40 | live | - | 19 | {"stay_ms": null}',
      '2026-05-01 11:32 | zone_entered | Front door | Berlin | Till | P4 | 60 | live | - | 20 | {"stay_ms": null}',
      '2026-05-01T11:30:10.000Z | zone_entered | Front door | Berlin | Till | P2 | 300 | live | - | 10 | {"stay_ms": null}',
      '2026-05-01 11:30 | visit | Front door | Berlin | - | P2 | 600 | live | - | 3 | {"state": "closed", "dwell_ms": 600000, "sightings": 3, "confidence": 0.5, "dwell_max_ms": 600000, "dwell_min_ms": 600000}',
      '2026-05-01 10:40 | visit | Front door | Berlin | - | P1 | 90 | live | - | 2 | {"state": "closed", "dwell_ms": 90000, "sightings": 3, "confidence": 0.5, "dwell_max_ms": 90000, "dwell_min_ms": 90000}',
      '2026-05-01T10:10:05.000Z | zone_entered | Front door | Berlin | Till | P1 | 20 | live | - | 9 | {"stay_ms": null}',
      '2026-05-01 10:10 | visit | Front door | Berlin | - | P1 | 30 | live | - | 1 | {"state": "closed", "dwell_ms": 30000, "sightings": 3, "confidence": 0.5, "dwell_max_ms": 30000, "dwell_min_ms": 30000}',
      '2026-05-01T09:00:10.000Z | zone_entered | hall | Pune | shelf | P4 | 10 | live | - | 12 | {"stay_ms": null}',
      '2026-05-01 09:00 | visit | hall | Pune | - | P4 | 45 | live | - | 5 | {"state": "closed", "dwell_ms": 45000, "sightings": 3, "confidence": 0.5, "dwell_max_ms": 45000, "dwell_min_ms": 45000}',
      '2026-05-01 08:00 | motion | hall | Pune | - | - | 4 | live | 15 | 15 | {"score": 0.5, "frames": 1, "peak_score": 0.5}',
      '2026-05-01 07:00 | device_offline | yard | - | - | - | - | live | - | 16 | -',
      '2026-05-01 03:00 | device_online | hall | Pune | - | - | - | live | - | 18 | -',
      '2026-05-01 02:00 | device_offline | hall | Pune | - | - | 3600 | live | - | 17 | -',
      '2026-04-30 20:00 | visit | yard | - | - | P5 | 7200 | live | - | 6 | {"state": "closed", "dwell_ms": 7200000, "sightings": 3, "confidence": 0.5, "dwell_max_ms": 7200000, "dwell_min_ms": 7200000}',
    ],
    few: [
      '2026-05-01 11:50 | visit | Front door | Berlin | - | P3 | - | live | - | 4 | {"state": "updated", "dwell_ms": 5000, "sightings": 3, "confidence": 0.5, "dwell_max_ms": 5000, "dwell_min_ms": 5000}',
      '2026-05-01 11:41 | crowd | Front door | Berlin | Shelf | - | - | live | - | 14 | {"people": 3, "lasted_ms": 1}',
      '2026-05-01 11:40 | crowd | Front door | Berlin | - | - | 300 | live | - | 13 | {"people": 4, "lasted_ms": 300000}',
      '2026-05-01 11:30 | visit | Front door | Berlin | - | P2 | 600 | live | - | 3 | {"state": "closed", "dwell_ms": 600000, "sightings": 3, "confidence": 0.5, "dwell_max_ms": 600000, "dwell_min_ms": 600000}',
      '2026-05-01 10:40 | visit | Front door | Berlin | - | P1 | 90 | live | - | 2 | {"state": "closed", "dwell_ms": 90000, "sightings": 3, "confidence": 0.5, "dwell_max_ms": 90000, "dwell_min_ms": 90000}',
      '2026-05-01 10:10 | visit | Front door | Berlin | - | P1 | 30 | live | - | 1 | {"state": "closed", "dwell_ms": 30000, "sightings": 3, "confidence": 0.5, "dwell_max_ms": 30000, "dwell_min_ms": 30000}',
    ],
  },
  'people: Visits': {
    all: ['6'],
    few: ['4'],
    empty: ['0'],
  },
  'people: People': {
    all: ['5'],
    few: ['3'],
    empty: ['0'],
  },
  'people: Mean dwell': {
    all: ['1593000'],
    few: ['240000'],
    empty: ['-'],
  },
  'people: There at the end': {
    all: ['1'],
    few: ['1'],
    empty: ['0'],
  },
  'people: Visits over time': {
    all: [
      '2026-04-30 20:00 | yard | 1',
      '2026-05-01 09:00 | hall | 1',
      '2026-05-01 10:00 | Front door | 2',
      '2026-05-01 11:00 | Front door | 2',
    ],
    few: ['2026-05-01 06:00 | Front door | 4'],
  },
  'people: People by day': {
    all: ['2026-04-30 | 1 | 1', '2026-05-01 | 4 | 5'],
    few: ['2026-05-01 | 3 | 4'],
  },
  'people: Visits by hour and weekday': {
    all: [
      'Thursday | - | - | - | - | - | - | - | - | - | - | - | - | - | - | - | - | - | - | - | - | 1 | - | - | -',
      'Friday | - | - | - | - | - | - | - | - | - | - | - | - | 2 | 2 | 1 | - | - | - | - | - | - | - | - | -',
    ],
    few: ['Friday | - | - | - | - | - | - | - | - | - | - | - | - | 2 | 2 | - | - | - | - | - | - | - | - | - | -'],
  },
  'people: How long they stayed': {
    all: [
      'under 5 s | 0',
      '5 to 15 s | 0',
      '15 to 30 s | 0',
      '30 to 60 s | 2',
      '1 to 2 min | 1',
      '2 to 5 min | 0',
      '5 to 15 min | 1',
      '15 to 60 min | 0',
      'an hour or more | 1',
    ],
    few: [
      'under 5 s | 0',
      '5 to 15 s | 0',
      '15 to 30 s | 0',
      '30 to 60 s | 1',
      '1 to 2 min | 1',
      '2 to 5 min | 0',
      '5 to 15 min | 1',
      '15 to 60 min | 0',
      'an hour or more | 0',
    ],
  },
  'people: Longest visits': {
    all: [
      '2026-04-30 20:00 | yard | P5 | 7200000 | gone | yard',
      '2026-05-01 11:30 | Front door | P2 | 600000 | gone | door',
      '2026-05-01 10:40 | Front door | P1 | 90000 | gone | door',
      '2026-05-01 09:00 | hall | P4 | 45000 | gone | hall',
      '2026-05-01 10:10 | Front door | P1 | 30000 | gone | door',
      '2026-05-01 11:50 | Front door | P3 | 5000 | there | door',
    ],
    few: [
      '2026-05-01 11:30 | Front door | P2 | 600000 | gone | door',
      '2026-05-01 10:40 | Front door | P1 | 90000 | gone | door',
      '2026-05-01 10:10 | Front door | P1 | 30000 | gone | door',
      '2026-05-01 11:50 | Front door | P3 | 5000 | there | door',
    ],
  },
  'people: Zones': {
    all: [
      'Till | Front door | 4 | 105000 | 300000',
      'shelf | Front door | 1 | - | -',
      'shelf | hall | 1 | 10000 | 10000',
    ],
    few: ['shelf | Front door | 1 | - | -'],
  },
  'people: Entries into zones': {
    all: [
      '2026-05-01 09:00 | shelf | 1',
      '2026-05-01 10:00 | Till | 1',
      '2026-05-01 11:00 | Till | 3',
      '2026-05-01 11:00 | shelf | 1',
    ],
    few: ['2026-05-01 06:00 | shelf | 1'],
  },
  'people: Crowds': {
    all: ['2026-05-01 11:00 | Front door | 4', '2026-05-01 11:00 | Front door shelf | 3'],
    few: ['2026-05-01 06:00 | Front door | 4', '2026-05-01 06:00 | Front door shelf | 3'],
  },
  'pipeline: Open dead letters': {
    all: ['bad-picture | 2 | 2026-03-01 09:40'],
    few: ['bad-picture | 2 | 2026-03-01 09:40'],
  },
  'pipeline: Newest dead letters': {
    all: [
      '2026-05-01 09:40 | frames | hall | discarded | unknown-schema | id 99 | 3',
      '2026-05-01 09:30 | frames | door | open | bad-picture | no JPEG | 3',
    ],
    few: [
      '2026-05-01 09:40 | frames | hall | discarded | unknown-schema | id 99 | 3',
      '2026-05-01 09:30 | frames | door | open | bad-picture | no JPEG | 3',
    ],
  },
  'people: Occupancy': {
    all: levels(1, ['', '1000000011000000000001111']),
    few: levels(6, ['', '00011']),
    empty: levels(1, ['', '0'.repeat(25)]),
  },
  'people: Occupancy of zones': {
    all: levels(1, ['Till | ', '0000000000000000000000120'], ['shelf | ', '0000000000000000000001011']),
    few: levels(6, ['shelf | ', '00011']),
  },
  'pipeline: Database': sizes(isDatabase),
  'pipeline: Largest tables': sizes(areTables),
};
