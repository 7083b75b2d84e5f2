import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Trace } from '../ports/tracing/trace.ts';
import type { KnownDevice } from './access/devices/device-tokens.ts';
import type { SignedBody } from './access/devices/signatures.ts';
import type { Proof } from './access/look-again.ts';
import type { User } from './access/users.ts';
import type { Problem } from './problem.ts';

/** A Fastify whose routes are typed by the TypeBox schemas they state. */
export type Server = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What went wrong with a request: what the caller was told, and what it came from, which only the log sees. */
interface Failure {
  readonly problem: Problem;
  readonly cause: unknown;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether its answer goes on for as long as it is listened to, and so says nothing of how quick we are. */
    isStream?: boolean;
  }

  interface FastifyRequest {
    /** The caller's trace, or one begun here; `traceparent` is the value to put into record headers. */
    trace: Trace;
    /** Set by the route that has recognised a device, so that the log line names it. */
    deviceId: string | null;
    /** Likewise for the frame it was about. */
    frameId: string | null;
    /** Set by whoever has checked who is asking. */
    user: User | null;
    /** Likewise: what they have shown for it. */
    proof: Proof | null;
    /** Likewise for a device. */
    device: KnownDevice | null;
    /** What the device has signed, where it signs; for whoever is about to act on the body. */
    signedBody: SignedBody | null;
    failure: Failure | null;
  }
}
