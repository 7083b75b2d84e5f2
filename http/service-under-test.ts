import { createRequire } from 'node:module';
import { Type } from 'typebox';
import { runService } from './run-service.ts';
import { serviceConfig } from './service-config.ts';

/** A service that needs nothing: a program of its own, for what only whole processes show. */
await runService({ name: 'test', schema: Type.Object(serviceConfig(0)) }, async () => ({
  ready: {},
  routes: async (app) => {
    app.get('/hello', () => 'hello');
    // Packages of OpenTelemetry are CommonJS, whoever imports them.
    app.get('/loaded', () => Object.keys(createRequire(import.meta.url).cache));
  },
}));
