import { type Static, Type } from 'typebox';

export const SIDE_MIN = 32;
export const SIDE_MAX = 4_096;

const closed = { additionalProperties: false } as const;
const oneOf = <const Names extends readonly string[]>(names: Names, description: string) =>
  Type.Enum(names, { description });
const channels = (description: string, minimum: number) =>
  Type.Array(Type.Number({ minimum, maximum: 10_000 }), {
    minItems: 3,
    maxItems: 3,
    description,
  });

const input = Type.Object(
  {
    width: Type.Integer({ minimum: SIDE_MIN, maximum: SIDE_MAX, description: 'pixels across' }),
    height: Type.Integer({ minimum: SIDE_MIN, maximum: SIDE_MAX, description: 'pixels down' }),
    colour: oneOf(['rgb', 'bgr'], 'the order of the channels'),
    mean: channels('what is taken from 0 to 255, channel by channel', -10_000),
    std: channels('what it is then divided by', 0.0001),
    placement: oneOf(
      ['stretched', 'top-left', 'centred'],
      'where a picture of other proportions lies, if not stretched',
    ),
    pad: Type.Integer({ minimum: 0, maximum: 255, description: 'the grey around a picture that is not stretched' }),
  },
  closed,
);

const output = Type.Object(
  {
    layout: oneOf(['yolox', 'yolov8', 'distributions', 'fastestdet', 'ssd', 'end-to-end'], 'the family of the outputs'),
    decoded: Type.Boolean({ description: 'yolox: boxes are pixels, not relative to their cell' }),
    cellCentre: Type.Number({ description: 'distributions: where in its cell a box is measured from, 0 to 1' }),
    background: Type.Boolean({ description: 'ssd: the first class says that nothing is there' }),
    normalised: Type.Boolean({ description: 'ssd, end-to-end: boxes are shares of the input, not pixels' }),
    columns: Type.Array(oneOf(['batch', 'x1', 'y1', 'x2', 'y2', 'score', 'class'], 'one column'), {
      description: 'end-to-end: what stands where in a row',
    }),
  },
  closed,
);

/**
 * How a model wants its pictures and what it puts out, in a JSON of the same name beside its file. It may say all of it
 * or nothing: the rest is understood from the model's shapes and metadata (understand-model.ts).
 */
export const modelDescription = Type.Object(
  {
    sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$', description: 'any other file is refused' })),
    classes: Type.Optional(
      Type.Union([Type.Literal('coco'), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
        description: 'in the model’s order; "coco" for its eighty',
      }),
    ),
    confidence: Type.Optional(
      Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1 }), {
        description: 'which classes are reported, and from which confidence on; "*" stands for all that are not named',
      }),
    ),
    overlapMax: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'of boxes that overlap by more (IoU), only the surest stays',
      }),
    ),
    input: Type.Optional(Type.Partial(input, closed)),
    output: Type.Optional(Type.Partial(output, closed)),
    licence: Type.Optional(Type.String({ description: 'of the weights' })),
    source: Type.Optional(Type.String({ description: 'where they come from' })),
    url: Type.Optional(Type.String({ description: 'where `npm run model:pull` finds them' })),
    score: Type.Optional(Type.Record(Type.String(), Type.Number(), { description: 'by `npm run eval:detector`' })),
  },
  closed,
);

export type ModelDescription = Static<typeof modelDescription>;
export type InputDescription = Static<typeof input>;
export type OutputDescription = Static<typeof output>;
