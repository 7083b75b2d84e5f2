import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { readConfig } from '../../http/read-config.ts';
import type { Log, StoredRecord } from '../../ports/log/log.ts';
import { beginBatch } from '../../ports/tracing/begin-batch.ts';
import { tracingConfig } from '../../ports/tracing/config.ts';
import { openTracing } from '../../ports/tracing/open-tracing.ts';
import { continueTrace, headersOf } from '../../ports/tracing/trace.ts';
import { tracedLog } from '../../ports/tracing/traced-log.ts';
import { type Tracing, within } from '../../ports/tracing/tracing.ts';
import { builtInConfiguration } from '../../processor/configuration.ts';
import { createFrameSpans } from '../../processor/frame-spans.ts';
import type { Turn, TurnFrame } from '../../processor/line-up.ts';
import { derivedId } from '../../schemas/identity.ts';
import { median } from './median.ts';

/**
 * `npm run bench:tracing`: the CPU of all that is done for spans on a frame's way, by the calls that the services make and
 * without any work in between: where there is no tracing, where a trace is not looked at, and where its spans are made and
 * sent; each against a way without these calls. All take turns.
 */
const ROUNDS = 15;
const FRAMES_PER_TURN = 500;
/** So many at once, and then time for what is to be sent: what the SDK has no room for is lost, and costs nothing. */
const FRAMES_AT_ONCE = 20;
const PAUSE_MS = 10;
const RESULTS = new URL('./results/tracing.json', import.meta.url);
const logger = pino({ level: 'warn' });

const nothing = async () => undefined;
const log: Log = {
  append: nothing,
  consume: nothing,
  lag: async () => [],
  close: nothing,
};
const frame: TurnFrame = {
  frame_id: derivedId('bench', 'tracing'),
  device_id: 'camera-1',
  epoch: 1,
  seq: 1,
  captured_at: 0,
  time_quality: 'ntp',
  lane: 'live',
  blob_key: 'devices/camera-1/2026/05/01/frame-1-1.jpg',
  size_bytes: 20_000,
  sha256: null,
};

/** As it is without anything for spans: what was there before. */
async function bareWay(traceparent: string): Promise<void> {
  const trace = continueTrace(traceparent);
  await nothing();
  await nothing();
  await log.append('frames', [
    { key: frame.device_id, value: Buffer.alloc(0), headers: { traceparent: trace.traceparent } },
  ]);
  for (let stages = 0; stages < 3; stages += 1) await nothing();
}

async function way(tracing: Tracing | null, sent: Log, traceparent: string): Promise<void> {
  const request = tracing?.begin('POST', { kind: 'server', parent: { traceparent } });
  const trace = request?.trace ?? continueTrace(traceparent);
  await within(tracing, 'claim', trace, nothing);
  await within(tracing, 'put picture', trace, nothing);
  const headers = headersOf(trace);
  await sent.append('frames', [{ key: frame.device_id, value: Buffer.alloc(0), headers }]);
  request?.note({ 'http.route': '/upload', 'http.response.status_code': 202, 'passerby.device_id': frame.device_id });
  request?.end();

  const record: StoredRecord = { key: frame.device_id, value: null, headers, offset: 1n, appendedAtMs: 0 };
  const of = { deviceId: frame.device_id, configuration: builtInConfiguration, record };
  const turn: Turn = { ...of, kind: 'frame', frame, redriven: false };
  const spans = createFrameSpans(tracing, { topic: 'frames', partition: 0 });
  spans.begin(turn);
  await spans.within(frame, 'fetch', nothing);
  await spans.within(frame, 'decode', nothing);
  spans.took(turn, 'motion', performance.now());
  await spans.within(frame, 'infer', nothing);
  spans.took(turn, 'step', performance.now());
  const { record: told } = spans.carrying(turn);
  spans.note(frame, 'analysed');
  spans.committed(1);
  for (const topic of ['frames', 'observations', 'events']) {
    const span = tracing && beginBatch(tracing, { name: `write ${topic}`, topic, partition: 0 }, [told]);
    span?.end();
  }
}

/** Of a frame: the request, claim, put, send; the process and six stages; three writes. */
const SPANS_OF_A_FRAME = 14;
const flagsOf = { off: '01', unseen: '00', seen: '01' } as const;
type Side = 'bare' | keyof typeof flagsOf;
const SIDES: readonly Side[] = ['bare', 'off', 'unseen', 'seen'];

const counter = spawn(process.execPath, ['dev/run.mjs', 'dev/bench/span-counter.ts'], {
  cwd: new URL('../..', import.meta.url),
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [said] = (await once(counter.stdout, 'data')) as [Buffer];
const endpoint = String(said).trim();
const config = readConfig(tracingConfig, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });

/** Microseconds of CPU for a frame, the sending included. */
async function turnOf(side: Side): Promise<number> {
  const options = { config, service: 'bench', messagingSystem: 'none', logger, sendEveryMs: PAUSE_MS };
  const tracing = side === 'unseen' || side === 'seen' ? await openTracing(options) : null;
  const sent = tracedLog(log, tracing);
  const before = process.cpuUsage();
  for (let at = 0; at < FRAMES_PER_TURN; at += 1) {
    const id = (at + 1).toString(16).padStart(16, '0');
    if (side === 'bare') await bareWay(`00-${id}${id}-${id}-01`);
    else await way(tracing, sent, `00-${id}${id}-${id}-${flagsOf[side]}`);
    if (at % FRAMES_AT_ONCE === 0) await sleep(PAUSE_MS);
  }
  await tracing?.close();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / FRAMES_PER_TURN;
}

const us = Object.fromEntries(SIDES.map((side) => [side, [] as number[]])) as Record<Side, number[]>;
for (let round = -1; round < ROUNDS; round += 1) {
  for (const side of SIDES) {
    const one = await turnOf(side);
    // The first round only warms up.
    if (round >= 0) us[side].push(one);
  }
}
const arrived = Number(await (await fetch(endpoint)).text());
counter.kill();
const expected = (ROUNDS + 1) * FRAMES_PER_TURN * SPANS_OF_A_FRAME;
if (arrived !== expected) throw new Error(`${arrived} spans have arrived of ${expected}: the figures mean nothing`);

const cpuUs = Object.fromEntries(SIDES.map((side) => [side, Number(median(us[side]).toFixed(1))]));
const results = { node: process.versions.node, cores: availableParallelism(), spansOfAFrame: SPANS_OF_A_FRAME, cpuUs };
writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
console.log('Microseconds of CPU for a frame, beside its work.');
console.table(cpuUs);
console.log(`Written to ${fileURLToPath(RESULTS)}`);
