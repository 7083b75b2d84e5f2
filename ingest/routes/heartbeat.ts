import { Type } from 'typebox';
import { deviceOf } from '../../http/access/devices/require-device.ts';
import { Problem } from '../../http/problem.ts';
import { problemOf } from '../../http/problem-of.ts';
import type { Server } from '../../http/server.ts';
import type { AcceptHeartbeat } from '../accept-heartbeat.ts';
import { deviceGone } from '../frame-intake.ts';
import { heartbeatBody, heartbeatFaults } from '../heartbeat.ts';

const answer = Type.Object(
  {
    status: Type.Literal('accepted'),
    server_time: Type.String({ format: 'date-time' }),
    heartbeat_interval_s: Type.Integer({ description: 'When to be heard from again, by a heartbeat or a frame.' }),
  },
  { title: 'AcceptedHeartbeat', description: 'What was dropped may be forgotten.' },
);

/** `POST /api/v1/ingest/heartbeat`: how a device is doing, and which frames will never come. */
export function registerHeartbeat(
  app: Server,
  { acceptHeartbeat }: { readonly acceptHeartbeat: AcceptHeartbeat },
): void {
  const schema = {
    tags: ['devices'],
    summary: 'How a device is doing',
    body: heartbeatBody,
    response: { 202: answer },
  };
  // What the schema finds is told together with what it cannot find.
  app.post('/api/v1/ingest/heartbeat', { schema, attachValidation: true }, async (request, reply) => {
    const { body, validationError } = request;
    const misfits = validationError ? (problemOf(validationError, request).errors ?? []) : [];
    const errors = [...misfits, ...heartbeatFaults(body)];
    if (errors.length > 0) {
      const detail = 'The heartbeat is not as it must be; errors names each place.';
      throw new Problem({ status: 422, code: 'invalid-heartbeat', title: 'Not a heartbeat', detail, errors });
    }
    const { id: deviceId, epoch } = deviceOf(request, body.device_id ?? undefined);
    const { trace } = request;
    const accepted = await acceptHeartbeat({ deviceId, epoch, body, trace });
    if (accepted === 'refused') throw deviceGone(deviceId);
    return reply.code(202).send({
      status: 'accepted' as const,
      server_time: new Date(accepted.receivedAtMs).toISOString(),
      heartbeat_interval_s: accepted.intervalS,
    });
  });
}
