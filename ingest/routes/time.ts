import { Type } from 'typebox';
import type { Server } from '../../http/server.ts';
import type { Clock } from '../../ports/clock/clock.ts';

/** `GET /api/v1/time`: for devices that cannot ask an NTP server, and cannot check a certificate before they know. */
export function registerTime(app: Server, { clock }: { readonly clock: Clock }): void {
  const schema = {
    tags: ['devices'],
    summary: 'What time it is',
    response: { 200: Type.Object({ time: Type.String({ format: 'date-time' }), unix_ms: Type.Integer() }) },
  };
  app.get('/api/v1/time', { schema }, async (_request, reply) => {
    const unixMs = clock.nowMs();
    reply.header('cache-control', 'no-store');
    return { time: new Date(unixMs).toISOString(), unix_ms: unixMs };
  });
}
