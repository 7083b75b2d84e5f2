import { type Static, Type } from 'typebox';

const hours = (what: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 876_000, description: `Hours that ${what}; 0 is for ever.` }));
const days = (what: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 36_500, description: `Days that ${what}; 0 is for ever.` }));

/**
 * How long a device's own data is kept, where that is to be another time than everybody's (RETENTION_…). Nothing that
 * its pictures are looked at by: so it is no part of its configuration, and takes effect at once for all there is.
 */
export const deviceRetention = Type.Object(
  {
    frames_h: hours('pictures are kept'),
    frames_downscale_h: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 876_000,
        description: 'Hours after which pictures of analysed frames are made smaller; 0 is never.',
      }),
    ),
    captures_h: hours('what is known of each frame is kept'),
    observations_h: hours('it is known what was seen in each frame'),
    snapshots_d: days('drawn pictures are kept'),
    events_d: days('events are kept'),
    visits_d: days('visits are kept'),
  },
  {
    additionalProperties: false,
    title: 'DeviceRetention',
    description: 'How long its data is kept, where that is another time than everybody’s; replaced as a whole.',
  },
);

export type DeviceRetention = Static<typeof deviceRetention>;
