import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { read } from './compose/compose-file-under-test.ts';
import { asks } from './who-may/asks-under-test.ts';
import { CALLERS, type ServiceName, startWorld, type World } from './who-may/world-under-test.ts';

/**
 * Who may ask what: the status of every answer, for everybody who may come, about a device, a site and a viewer of the
 * operator ann. 401: who are you; 403: not you; 404: to another operator there is no such thing.
 *
 *   nobody, an unknown token, the device, another owner's device, a revoked device |
 *   a viewer, an operator, another operator, an administrator
 */
const TABLES: Readonly<Record<ServiceName, string>> = {
  console: `
    GET    /schemas/types                         200 200 200 200 200 | 200 200 200 200
    GET    /schemas/ids/:id                       200 200 200 200 200 | 200 200 200 200
    GET    /schemas/ids/:id/subjects              200 200 200 200 200 | 200 200 200 200
    GET    /schemas/ids/:id/versions              200 200 200 200 200 | 200 200 200 200
    GET    /subjects                              200 200 200 200 200 | 200 200 200 200
    GET    /subjects/:subject/versions            200 200 200 200 200 | 200 200 200 200
    GET    /subjects/:subject/versions/:version   200 200 200 200 200 | 200 200 200 200
    POST   /subjects/:subject                     405 405 405 405 405 | 405 405 405 405
    PUT    /subjects/:subject                     405 405 405 405 405 | 405 405 405 405
    DELETE /subjects/:subject                     405 405 405 405 405 | 405 405 405 405
    POST   /subjects/:subject/versions            405 405 405 405 405 | 405 405 405 405
    PUT    /subjects/:subject/versions            405 405 405 405 405 | 405 405 405 405
    DELETE /subjects/:subject/versions            405 405 405 405 405 | 405 405 405 405
    POST   /subjects/:subject/versions/:version   405 405 405 405 405 | 405 405 405 405
    PUT    /subjects/:subject/versions/:version   405 405 405 405 405 | 405 405 405 405
    DELETE /subjects/:subject/versions/:version   405 405 405 405 405 | 405 405 405 405

    GET    /docs                                  200 200 200 200 200 | 200 200 200 200
    GET    /docs/json                             200 200 200 200 200 | 200 200 200 200
    GET    /docs/yaml                             200 200 200 200 200 | 200 200 200 200
    GET    /docs/static/*                         200 200 200 200 200 | 200 200 200 200
    GET    /docs/static/index.html                302 302 302 302 302 | 302 302 302 302
    GET    /docs/static/swagger-initializer.js    200 200 200 200 200 | 200 200 200 200

    POST   /auth/login                            200 200 200 200 200 | 200 200 200 200
    POST   /auth/refresh                          200 200 200 200 200 | 200 200 200 200
    POST   /auth/logout                           204 204 204 204 204 | 204 204 204 204
    GET    /auth/me                               401 401 401 401 401 | 200 200 200 200
    POST   /auth/password                         401 401 401 401 401 | 204 204 204 204

    GET    /                                      401 401 401 401 401 | 200 200 200 200
    GET    /app.js                                401 401 401 401 401 | 200 200 200 200
    GET    /ask.js                                401 401 401 401 401 | 200 200 200 200
    GET    /words.js                              401 401 401 401 401 | 200 200 200 200
    GET    /style.css                             401 401 401 401 401 | 200 200 200 200
    GET    /icon.svg                              401 401 401 401 401 | 200 200 200 200
    GET    /api/status                            401 401 401 401 401 | 200 200 200 200
    GET    /api/events                            401 401 401 401 401 | 200 200 200 200
    GET    /api/events/stream                     401 401 401 401 401 | 200 200 200 200
    GET    /api/events/ws                         401 401 401 401 401 | 426 426 426 426
    GET    /api/events/stats                      401 401 401 401 401 | 200 200 200 200
    GET    /api/events/:number                    401 401 401 401 401 | 200 200 404 200
    DELETE /api/events/:number                    401 401 401 401 401 | 403 200 404 200
    GET    /api/events/:number/snapshot           401 401 401 401 401 | 200 200 404 200
    GET    /api/captures                          401 401 401 401 401 | 200 200 200 200
    GET    /api/captures/:frame_id/image          401 401 401 401 401 | 200 200 404 200

    GET    /devices                               401 401 401 401 401 | 200 200 200 200
    GET    /devices/:device_id                    401 401 401 401 401 | 200 200 404 200
    GET    /devices/:device_id/config             401 401 401 401 401 | 200 200 404 200
    GET    /devices/:device_id/config/versions    401 401 401 401 401 | 200 200 404 200
    GET    /devices/:id/ledger                    401 401 401 401 401 | 200 200 404 200
    GET    /api/v1/jobs                           401 401 401 401 401 | 200 200 200 200
    GET    /api/v1/occupancy                      401 401 401 401 401 | 200 200 404 200
    GET    /api/v1/visits                         401 401 401 401 401 | 200 200 200 200
    GET    /api/v1/admin/metrics                  401 401 401 401 401 | 403 200 200 200
    GET    /api/v1/admin/ingest                   401 401 401 401 401 | 403 200 200 200
    GET    /api/v1/admin/queue                    401 401 401 401 401 | 403 200 200 200
    GET    /api/v1/admin/disk                     401 401 401 401 401 | 403 403 403 200
    GET    /api/v1/admin/retention                401 401 401 401 401 | 403 403 403 200
    GET    /api/v1/dead-letters                   401 401 401 401 401 | 200 200 200 200
    GET    /api/v1/dead-letters/:id               401 401 401 401 401 | 200 200 404 200
    GET    /api/v1/dead-letters/actions/:id       401 401 401 401 401 | 200 200 404 200
    POST   /api/v1/dead-letters/:id/redrive       401 401 401 401 401 | 403 200 404 200
    POST   /api/v1/dead-letters/:id/discard       401 401 401 401 401 | 403 200 404 200
    POST   /api/v1/dead-letters/redrive           401 401 401 401 401 | 403 202 202 202
    POST   /api/v1/dead-letters/discard           401 401 401 401 401 | 403 202 202 202
    GET    /api/v1/erasures                       401 401 401 401 401 | 403 200 200 200
    GET    /api/v1/erasures/:id                   401 401 401 401 401 | 403 200 404 200
    POST   /api/v1/erasures                       401 401 401 401 401 | 403 202 404 202
    GET    /api/v1/audit                          401 401 401 401 401 | 403 200 200 200
    PUT    /devices/:device_id/config             401 401 401 401 401 | 403 200 404 200
    POST   /devices/pair                          401 401 401 401 401 | 403 201 409 201
    PATCH  /devices/:device_id                    401 401 401 401 401 | 403 200 404 200
    DELETE /devices/:device_id                    401 401 401 401 401 | 403 204 404 204
    POST   /devices/:device_id/revoke             401 401 401 401 401 | 403 200 404 200
    POST   /devices/:device_id/token/rotate       401 401 200 403 403 | 403 200 404 200

    GET    /sites                                 401 401 401 401 401 | 200 200 200 200
    POST   /sites                                 401 401 401 401 401 | 403 201 201 201
    GET    /sites/:site_id                        401 401 401 401 401 | 200 200 404 200
    PATCH  /sites/:site_id                        401 401 401 401 401 | 403 200 404 200
    DELETE /sites/:site_id                        401 401 401 401 401 | 403 204 404 204

    GET    /users                                 401 401 401 401 401 | 403 200 200 200
    POST   /users                                 401 401 401 401 401 | 403 201 403 201
    GET    /users/:user_id                        401 401 401 401 401 | 403 200 404 200
    PATCH  /users/:user_id                        401 401 401 401 401 | 403 403 403 200
    DELETE /users/:user_id                        401 401 401 401 401 | 403 204 404 204`,

  // Of people it knows nothing. An address that upload-url has signed is all that it takes to put a picture there.
  ingest: `
    PUT    /devices/objects/devices/:device_id/:year/:month/:day/:name
                                                  201 201 201 201 201 | 201 201 201 201
    POST   /devices/activate                      200 200 200 200 200 | 200 200 200 200
    GET    /api/v1/time                           200 200 200 200 200 | 200 200 200 200
    POST   /upload                                401 401 202 403 403 | 401 401 401 401
    POST   /devices/upload-url                    401 401 200 200 403 | 401 401 401 401
    POST   /devices/ingest                        401 401 202 422 403 | 401 401 401 401
    GET    /api/v1/device/config                  401 401 200 403 403 | 401 401 401 401
    POST   /api/v1/ingest/heartbeat               401 401 202 403 403 | 401 401 401 401
    POST   /api/v1/ingest/frame                   401 401 202 403 403 | 401 401 401 401
    POST   /api/v1/ingest/frames                  401 401 200 200 403 | 401 401 401 401`,
};

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

describe.each(Object.entries(TABLES) as [ServiceName, string][])('%s', (service, table) => {
  const rows = table
    .trim()
    // What has no room on a line goes on in the next one.
    .split(/\n\s*(?=[A-Z])/)
    .map((line) => line.replace('|', ' ').trim().split(/\s+/))
    .map(([method = '', url = '', ...statuses]) => ({ route: `${method} ${url}`, method, url, statuses }));

  test('has no route that is not in the table, and none besides', () => {
    expect(rows.map(({ route }) => route).sort()).toEqual([...world.routes[service]].sort());
  });

  test.each(rows)('$route', async ({ route, method, url, statuses }) => {
    const answers: Record<string, string> = {};
    for (const [caller] of CALLERS) {
      const device = await world.device();
      const { headers, ...sent } = (await asks[route]?.(world, device)) ?? { url };
      const proof = await world.proofOf(caller, device);
      const answer = await world.send(service, method, { ...sent, headers: { ...headers, ...proof } });
      answers[caller] = String(answer.statusCode);
    }
    expect(answers).toEqual(Object.fromEntries(CALLERS.map(([caller], at) => [caller, statuses[at]])));
  });
});

test('the front sends devices to ingest, and everybody else to the console', () => {
  const [, paths = ''] = /@devices path (.+)/.exec(read('ops/caddy/Caddyfile')) ?? [];
  const patterns = paths.split(' ').map((path) => new RegExp(`^${path.replaceAll('*', '.*')}$`));
  const toIngest = (route: string) => patterns.some((pattern) => pattern.test(route.split(' ')[1] ?? ''));
  expect(world.routes.ingest.filter((route) => !toIngest(route))).toEqual([]);
  expect(world.routes.console.filter(toIngest)).toEqual([]);
});

test('nothing is asked about that no service has', () => {
  const routes = Object.values(world.routes).flat();
  expect(Object.keys(asks).filter((route) => !routes.includes(route))).toEqual([]);
});

test('of frames that are sent together, those in another device’s name are refused one by one', async () => {
  const [device, other] = [await world.device(), await world.device()];
  const ask = asks['POST /api/v1/ingest/frames'];
  const sent = await ask?.(world, device);
  if (!sent) throw new Error('nothing to send');
  const headers = { ...sent.headers, 'x-device-token': other.token };
  const answer = await world.send('ingest', 'POST', { ...sent, headers });
  expect(answer.json().results).toMatchObject([{ status: 'refused', problem: { code: 'wrong-device' } }]);
});
