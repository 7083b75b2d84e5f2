import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Codec, type CodecSchema, createCodec, fixedCodec } from './codec.ts';
import { meaningOf } from './fingerprint.ts';
import { type Released, released } from './registry.ts';
import { createRegistryClient, type RegistryClient, RegistryUnavailable, RegistryUnusable } from './registry-client.ts';
import type { RegistryConfig } from './registry-config.ts';
import { subjectOf } from './subject.ts';

const WITHIN_MS = 60_000;
const PAUSE_MS = 250;
const PAUSE_MAX_MS = 5_000;

export interface OpenOptions {
  readonly withinMs?: number;
  readonly answerWithinMs?: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/**
 * The codec of a service: with the ids of the schema registry that is set, else with the fixed ones. The registry is
 * asked at the start only, and waited for while it cannot be had; from then on it may be away. Throws
 * `RegistryUnusable`, whose words are meant for an operator.
 */
export async function openCodec(
  config: RegistryConfig,
  logger: Pick<Logger, 'warn'>,
  { withinMs = WITHIN_MS, answerWithinMs, signal }: OpenOptions = {},
): Promise<Codec> {
  const url = config.SCHEMA_REGISTRY_URL;
  if (url === undefined) return fixedCodec;
  const client = createRegistryClient({
    url,
    ...(answerWithinMs !== undefined && { answerWithinMs }),
    ...(signal && { signal }),
  });
  const mayRegister = config.SCHEMA_REGISTRY_REGISTER === 'on';
  const giveUpMs = performance.now() + withinMs;
  for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MAX_MS)) {
    try {
      const registered = await identify(client, mayRegister);
      return createCodec(config.SCHEMA_REGISTRY_EARLIER_IDS === 'read' ? withEarlier(registered, client) : registered);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof RegistryUnavailable)) throw error;
      if (performance.now() + pauseMs > giveUpMs) {
        const advice = 'Start it, or set SCHEMA_REGISTRY_URL to where it is.';
        throw new RegistryUnusable(`The schema registry cannot be had: ${error.message}. ${advice}`, { cause: error });
      }
      logger.warn({ reason: error.message }, 'the start waits for the schema registry');
      await sleep(pauseMs, undefined, { ...(signal && { signal }) });
    }
  }
}

/** In the order of the fixed ids, and so in that of versions: a registry that was empty then gives out the same ids. */
async function identify(client: RegistryClient, mayRegister: boolean): Promise<readonly Released[]> {
  const identified: Released[] = [];
  for (const schema of released) {
    const subject = subjectOf(schema);
    const id = await identifyOne(client, schema, mayRegister);
    const other = identified.find((one) => one.id === id);
    if (other) {
      throw new RegistryUnusable(
        `The schema registry at ${client.address} gives the id ${id} to ${subjectOf(other)} and to ${subject}. ` +
          'An id must mean one schema: it cannot be used.',
      );
    }
    identified.push({ ...schema, id });
  }
  return identified;
}

/**
 * Docs are no part of what a schema means, and may be worded anew, but to a registry the text is then another schema
 * with another id. So it is sent without them; and where somebody has registered the file as it is, that one counts.
 */
async function identifyOne(client: RegistryClient, { schema, file }: Released, mayRegister: boolean): Promise<number> {
  const subject = subjectOf({ schema });
  const text = meaningOf(schema);
  const known = await client.lookUp(subject, text);
  if (known !== null) return known;
  const same = (await client.list(subject)).find((registered) => meansTheSame(registered.schema, text));
  if (same) return same.id;
  if (mayRegister) return await client.register(subject, text);
  throw new RegistryUnusable(
    `The schema registry at ${client.address} does not have schemas/${file} under the subject ${subject}. Register ` +
      'it there, or let a service do it by SCHEMA_REGISTRY_REGISTER=on.',
  );
}

function meansTheSame(text: string, meaning: string): boolean {
  try {
    return meaningOf(JSON.parse(text)) === meaning;
  } catch {
    // JSON it is not, and so no record of ours: `"string"` alone is a schema, and a protobuf is another language.
    return false;
  }
}

/**
 * Records that were written before there was a registry keep their fixed ids, and stay readable; unless the registry
 * means another schema by one of these, when nothing in the record tells which it was.
 */
function withEarlier(registered: readonly Released[], { address }: RegistryClient): readonly CodecSchema[] {
  const earlier = released.filter(
    (fixed) => !registered.some(({ id, file }) => id === fixed.id && file === fixed.file),
  );
  const clashes = earlier.flatMap((fixed) => {
    const taken = registered.find(({ id }) => id === fixed.id);
    return taken ? [`${fixed.id} (${subjectOf(taken)} there, ${subjectOf(fixed)} without a registry)`] : [];
  });
  if (clashes.length > 0) {
    throw new RegistryUnusable(
      `The schema registry at ${address} gives out ids that mean something else where there is no registry: ` +
        `${clashes.join(', ')}. Records that were written before SCHEMA_REGISTRY_URL was set would be taken for ` +
        'others. If there are none, as with new topics, set SCHEMA_REGISTRY_EARLIER_IDS=refuse. If there are, use a ' +
        'registry that is empty, or none.',
    );
  }
  return [...earlier, ...registered];
}
