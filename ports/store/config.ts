import { Type } from 'typebox';

export const storeConfig = Type.Object({
  DATABASE_URL: Type.String({
    pattern: '^postgres(ql)?://',
    description: 'TimescaleDB, or any PostgreSQL 15 or later.',
  }),
});
