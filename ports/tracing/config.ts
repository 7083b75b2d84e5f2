import { type Static, Type } from 'typebox';

/** OpenTelemetry's own variables, with its defaults; what else its exporter knows, it reads by itself. */
export const tracingConfig = Type.Object({
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({
      pattern: '^https?://',
      description: 'Where spans are sent (OTLP over HTTP), such as http://127.0.0.1:4318; without it none are made.',
    }),
  ),
  OTEL_EXPORTER_OTLP_HEADERS: Type.Optional(
    Type.String({ description: 'What is sent along to it, as name=value by commas.' }),
  ),
  OTEL_SERVICE_NAME: Type.Optional(
    Type.String({ description: 'What the service is called in spans, if not passerby, or passerby-ingest and so on.' }),
  ),
  OTEL_RESOURCE_ATTRIBUTES: Type.Optional(
    Type.String({ description: 'What spans say of where they are from, as name=value by commas.' }),
  ),
  OTEL_TRACES_SAMPLER: Type.Union(
    [
      Type.Literal('always_on'),
      Type.Literal('always_off'),
      Type.Literal('traceidratio'),
      Type.Literal('parentbased_always_on'),
      Type.Literal('parentbased_always_off'),
      Type.Literal('parentbased_traceidratio'),
    ],
    { default: 'parentbased_always_on', description: 'Which traces are looked at; parentbased_: as the caller says.' },
  ),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({
    default: 1,
    minimum: 0,
    maximum: 1,
    description: 'The share of traces that is looked at, with a traceidratio.',
  }),
  OTEL_SDK_DISABLED: Type.Boolean({ default: false, description: 'Makes no spans, whatever else is said.' }),
});

export type TracingConfig = Static<typeof tracingConfig>;
