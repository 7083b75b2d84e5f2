import { type Static, type TArray, type TObject, type TSchema, Type } from 'typebox';
import Value from 'typebox/value';

/**
 * The settings of a device: one JSON, of which each version is a configuration. What the device itself is told is in
 * `device`; all else is for the processor. Every member has a default, so `{}` is the built-in configuration, which has
 * the version 0. The bounds keep a whole configuration below 40 KB, since it is part of a device's state.
 */
const closed = { additionalProperties: false } as const;
const ID = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$',
  description: 'up to 32 letters, digits, . _ -, the first a letter or a digit',
});
const words = (maxLength: number, usual: string) =>
  Type.String({
    default: usual,
    maxLength,
    pattern: '^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$',
    description: `up to ${maxLength} characters in one line`,
  });
const point = Type.Object(
  { x: Type.Number({ minimum: 0, maximum: 1 }), y: Type.Number({ minimum: 0, maximum: 1 }) },
  { ...closed, description: 'A place in shares of the picture, from its top left.' },
);

const FRAME_SIZES =
  '96X96|QQVGA|QCIF|HQVGA|240X240|QVGA|CIF|HVGA|VGA|SVGA|XGA|HD|SXGA|UXGA|FHD|P_HD|P_3MP|QXGA|QHD|WQXGA|P_FHD|QSXGA';

const firmware = Type.Object(
  {
    version: Type.String({ pattern: '^[\\w.+-]{1,64}$', description: 'up to 64 letters, digits, . _ + -' }),
    url: Type.Optional(
      Type.String({ pattern: '^https?://[!-~]+$', maxLength: 500, description: 'an address of http or https' }),
    ),
    sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$', description: '64 small hexadecimal digits' })),
  },
  closed,
);

const device = Type.Object(
  {
    paused: Type.Boolean({ default: false, description: 'No pictures at all, for privacy.' }),
    capture_mode: Type.Union([Type.Literal('baseline'), Type.Literal('burst')], {
      default: 'baseline',
      description: 'baseline: a picture now and then; burst: several a second, always.',
    }),
    baseline_interval_s: Type.Number({ default: 30, minimum: 1, maximum: 3_600 }),
    burst_fps: Type.Number({ default: 2, minimum: 0.1, maximum: 30 }),
    jpeg_quality: Type.Integer({ default: 80, minimum: 1, maximum: 100 }),
    frame_size: Type.String({
      default: 'VGA',
      pattern: `^(${FRAME_SIZES}|[1-9]\\d{1,3}x[1-9]\\d{1,3})$`,
      description: 'a name of the ESP32 camera driver such as VGA or UXGA, or WIDTHxHEIGHT',
    }),
    firmware: Type.Union([firmware, Type.Null()], {
      default: null,
      description: 'The firmware that the device is to run; null for the one it has.',
    }),
    heartbeat_interval_s: Type.Union([Type.Integer({ minimum: 5, maximum: 3_600 }), Type.Null()], {
      default: null,
      description: "Null for the service's own (HEARTBEAT_INTERVAL_S).",
    }),
    config_interval_s: Type.Integer({ default: 15, minimum: 1, maximum: 3_600 }),
  },
  { ...closed, default: {} },
);

const loitering = { minimum: 1_000, maximum: 86_400_000 } as const;
const crowd = { minimum: 0, maximum: 1_000 } as const;

const zone = Type.Object(
  {
    id: ID,
    name: words(60, ''),
    kind: Type.Union([Type.Literal('area'), Type.Literal('entrance'), Type.Literal('shelf'), Type.Literal('plate')], {
      default: 'area',
      description: 'What is looked for in it.',
    }),
    points: Type.Array(point, {
      minItems: 3,
      maxItems: 24,
      'x-unique-by': 'x y',
      description: 'A polygon; its last point is joined to its first.',
    }),
    loitering_ms: Type.Optional(
      Type.Integer({ ...loitering, description: 'For this zone, instead of the threshold.' }),
    ),
    crowd_people: Type.Optional(Type.Integer({ ...crowd, description: 'For this zone, instead of the threshold.' })),
  },
  closed,
);

const line = Type.Object(
  {
    id: ID,
    name: words(60, ''),
    points: Type.Array(point, { minItems: 2, maxItems: 2, 'x-unique-by': 'x y' }),
    /** As seen by somebody who looks from the first point to the second. */
    directions: Type.Object(
      { to_left: words(30, 'out'), to_right: words(30, 'in') },
      { ...closed, default: {}, description: 'Names for crossing it, seen from its first point to its second.' },
    ),
  },
  closed,
);

const on = () => Type.Boolean({ default: true });
/** Of what there are many, and most is told by visits too. */
const off = (description: string) => Type.Boolean({ default: false, description });

export const deviceSettings = Type.Object(
  {
    device,
    zones: Type.Array(zone, { default: [], maxItems: 16, 'x-unique-by': 'id' }),
    lines: Type.Array(line, { default: [], maxItems: 16, 'x-unique-by': 'id' }),
    thresholds: Type.Object(
      {
        motion_cell_change: Type.Integer({
          default: 14,
          minimum: 1,
          maximum: 254,
          description: 'A cell of the picture has changed when its grey moved by more than this, of 255.',
        }),
        motion_score: Type.Number({
          default: 0.004,
          minimum: 0,
          maximum: 1,
          description: 'There is motion when more than this share of the cells has changed.',
        }),
        motion_quiet_ms: Type.Integer({
          default: 2_000,
          minimum: 0,
          maximum: 600_000,
          description: 'Motion is over when nothing has moved for this long.',
        }),
        motion_absorb_ms: Type.Integer({
          default: 60_000,
          minimum: 1_000,
          maximum: 3_600_000,
          description: 'What was put there and keeps still belongs to the background after this long.',
        }),
        look_every_ms: Type.Integer({
          default: 30_000,
          minimum: 0,
          maximum: 3_600_000,
          description: 'Where all is still, people are looked for this often all the same; 0 is in every frame.',
        }),
        absence_ms: Type.Integer({
          default: 10_000,
          minimum: 1_000,
          maximum: 3_600_000,
          description:
            'A visit is over when its person was not seen for longer than this; of a slower camera, in two frames in a row.',
        }),
        return_ms: Type.Integer({
          default: 300_000,
          minimum: 0,
          maximum: 86_400_000,
          description: 'Who comes back within this, and looks the same, is the same person.',
        }),
        visit_update_ms: Type.Integer({
          default: 60_000,
          minimum: 1_000,
          maximum: 3_600_000,
          description: 'A visit that lasts is told again this often.',
        }),
        detection_confidence: Type.Number({
          default: 0,
          minimum: 0,
          maximum: 1,
          description: 'What the detector is less sure of is left out; it has a bound of its own too.',
        }),
        detection_cooldown_ms: Type.Integer({
          default: 300_000,
          minimum: 1_000,
          maximum: 86_400_000,
          description: 'A thing is told of as detected when nothing of its class was seen for this long.',
        }),
        zone_inertia_ms: Type.Integer({
          default: 600,
          minimum: 0,
          maximum: 60_000,
          description: 'To be in a zone, or out of it again, counts once it has lasted for this long.',
        }),
        u_turn_ms: Type.Integer({
          default: 1_000,
          minimum: 0,
          maximum: 60_000,
          description: 'Who crosses a line and comes back over it within this has not crossed it.',
        }),
        loitering_ms: Type.Integer({
          ...loitering,
          default: 300_000,
          description: 'Who stays in a zone for this long loiters; told once for each stay.',
        }),
        crowd_people: Type.Integer({
          ...crowd,
          default: 10,
          description: 'So many people at once, in a zone or in the whole picture, are a crowd; 0 for never.',
        }),
        crowd_ms: Type.Integer({
          default: 10_000,
          minimum: 0,
          maximum: 3_600_000,
          description: 'A crowd is told of once it has lasted for this long.',
        }),
      },
      { ...closed, default: {} },
    ),
    events: Type.Object(
      {
        visit: on(),
        zone_entered: on(),
        zone_left: on(),
        line_crossed: on(),
        loitering: on(),
        crowd: on(),
        motion: on(),
        detection: off('Of each class, the first confident sight after a while without any.'),
        tracking: off('Of each track, that it entered and that it left: two more for nearly each visit.'),
        interaction_detected: on(),
        anpr: on(),
      },
      { ...closed, default: {}, description: 'Which types of events are told.' },
    ),
    burst_on_motion_s: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 600,
      description: 'How long the device is switched to burst when motion begins; 0 is never.',
    }),
  },
  closed,
);

export type DeviceSettings = Static<typeof deviceSettings>;

/**
 * Settings that were stored, perhaps by a newer release: what is not known here is passed over, and a member that is
 * nothing which this release understands is as if it had not been given. Strictness is for those who give settings.
 */
export function settingsFrom(stored: unknown): DeviceSettings {
  return understood(deviceSettings, stored) as DeviceSettings;
}

export const builtInSettings: DeviceSettings = settingsFrom({});

function understood(schema: TSchema, value: unknown): unknown {
  if (Type.IsObject(schema)) return understoodMembers(schema, value);
  if (Type.IsArray(schema) && Array.isArray(value)) return understoodItems(schema, value);
  return Value.Check(schema, value) ? value : usual(schema);
}

/** Of a list of zones, each stands for itself; of a polygon, all of its points or none are what was meant. */
function understoodItems(schema: TArray & { readonly maxItems?: number }, given: readonly unknown[]): unknown {
  const items = given.map((item) => understood(schema.items, item));
  if (!('default' in schema)) return items;
  return items.filter((item) => Value.Check(schema.items, item)).slice(0, schema.maxItems);
}

function understoodMembers({ properties }: TObject, value: unknown): object {
  const given = isRecord(value) ? value : {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      understood(schema, Object.hasOwn(given, name) ? given[name] : undefined),
    ]),
  );
}

/** Undefined where there is none, as for a zone's id: whatever it is a part of is then no zone. */
function usual(schema: TSchema): unknown {
  return structuredClone((schema as { readonly default?: unknown }).default);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
