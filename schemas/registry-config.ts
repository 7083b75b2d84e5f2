import { type Static, Type } from 'typebox';

/** Where the ids that stand before records come from; the same for all services of one installation. */
export const registryConfig = Type.Object({
  SCHEMA_REGISTRY_URL: Type.Optional(
    Type.String({
      pattern: '^https?://',
      description: 'A Confluent-compatible schema registry, with name:password@ if it asks; without it ids are fixed.',
    }),
  ),
  SCHEMA_REGISTRY_REGISTER: Type.Union([Type.Literal('on'), Type.Literal('off')], {
    default: 'on',
    description: 'off only looks the schemas up, and refuses to start where one of them is not registered.',
  }),
  SCHEMA_REGISTRY_EARLIER_IDS: Type.Union([Type.Literal('read'), Type.Literal('refuse')], {
    default: 'read',
    description: 'Whether records are also read that were written with the fixed ids, before there was a registry.',
  }),
});

export type RegistryConfig = Static<typeof registryConfig>;
