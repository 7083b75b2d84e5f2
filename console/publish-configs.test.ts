import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createManualClock } from '../ports/clock/manual.ts';
import { Outage } from '../ports/errors.ts';
import type { Log } from '../ports/log/log.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import type { Queryable, Store } from '../ports/store/store.ts';
import { type Decoded, fixedCodec } from '../schemas/codec.ts';
import { logTopics } from '../schemas/topics.ts';
import { createConfigPublisher } from './publish-configs.ts';

const clock = createManualClock(Date.UTC(2026, 4, 1, 12));
const startMs = clock.nowMs();
let services: ServicesUnderTest;
let log: Log;
beforeAll(async () => {
  services = await startServices({
    migrations: new URL('../aggregator/migrations/', import.meta.url),
    topics: logTopics,
  });
  log = await services.openLog(clock);
});
afterAll(() => services.stop());

interface Faults {
  readonly append?: Log['append'];
  readonly store?: Store;
}

/** A publisher as a process of its own has it. */
function publisher({ append = log.append, store = services.store }: Faults = {}) {
  return createConfigPublisher({ store, log: { append }, codec: fixedCodec, clock });
}

async function configure(device: string, ...versions: readonly number[]): Promise<void> {
  const insertDevice = 'insert into devices (id, created_at) values ($1, $2) on conflict do nothing';
  await services.store.run({ name: 'device', text: insertDevice }, [device, new Date(startMs)]);
  const text = 'insert into config_versions (device_id, version, settings, created_at) values ($1, $2, $3, $4)';
  for (const version of versions) {
    const settings = { device: { jpeg_quality: version } };
    await services.store.run({ name: 'configure', text }, [device, version, settings, new Date(startMs + version)]);
  }
}

/** What lies in a topic of a device, in its order. */
async function recordsOf(topic: string, device: string): Promise<readonly Decoded['value'][]> {
  const text = 'select value from log.records where topic = $1 and key = $2 order by partition, "offset"';
  const rows = await services.store.run<{ value: Buffer }>({ name: 'records', text }, [topic, device]);
  return rows.map(({ value }) => fixedCodec.decode(value).value);
}

async function versionsIn(topic: string, device: string): Promise<readonly unknown[]> {
  const records = await recordsOf(topic, device);
  return records.map((record) => {
    if ('body' in record) return record.body.kind === 'ConfigurationControl' && record.body.version;
    return 'version' in record && record.version;
  });
}

/** The newest, as compaction keeps it. */
async function newestOf(device: string): Promise<unknown> {
  const text = 'select value from log.changelog where topic = $1 and key = $2';
  const [row] = await services.store.run<{ value: Buffer }>({ name: 'newest', text }, ['device-config', device]);
  return row && fixedCodec.decode(row.value).value;
}

async function unpublished(device: string): Promise<readonly number[]> {
  const rows = await services.rows<{ device_id: string; version: number; published_at: Date | null }>(
    'config_versions',
  );
  const left = rows.filter(({ device_id, published_at }) => device_id === device && published_at === null);
  return left.map(({ version }) => version).sort();
}

test('a configuration is among the frames of both lanes, and the newest of its device', async () => {
  await configure('one', 1);
  clock.advance(5_000);
  expect(await publisher().publish('one')).toBe(true);
  const [live] = await recordsOf('frames', 'one');
  expect(live).toEqual({
    // For good: by it readers know a record that they have seen.
    control_id: '7b2b79a8-8294-547e-9826-4e57c439ad2d',
    device_id: 'one',
    issued_at: startMs + 1,
    body: { kind: 'ConfigurationControl', version: 1, settings_json: '{"device":{"jpeg_quality":1}}' },
  });
  expect(await recordsOf('backlog', 'one')).toEqual([live]);
  expect(await newestOf('one')).toEqual({
    device_id: 'one',
    version: 1,
    published_at: startMs + 5_000,
    settings_json: '{"device":{"jpeg_quality":1}}',
  });
  expect(await unpublished('one')).toEqual([]);
  await publisher().sweep();
  expect(await versionsIn('frames', 'one')).toEqual([1]);
});

test('a sweep publishes what is left of every device, in the order of its versions', async () => {
  await configure('left', 1, 2, 3);
  await configure('behind', 1);
  await publisher().sweep();
  for (const topic of ['frames', 'backlog']) {
    expect(await versionsIn(topic, 'left')).toEqual([1, 2, 3]);
    expect(await versionsIn(topic, 'behind')).toEqual([1]);
  }
  expect(await newestOf('left')).toMatchObject({ version: 3 });
  expect([await unpublished('left'), await unpublished('behind')]).toEqual([[], []]);
});

/** Dies at the nth append: before anything of it is there, or when all of it is and nobody has heard. */
function diesAt(nth: number, when: 'before' | 'after'): Log['append'] {
  let count = 0;
  return async (topic, records) => {
    count += 1;
    if (count > nth || (count === nth && when === 'before')) throw new Error('killed');
    await log.append(topic, records);
    if (count === nth) throw new Error('killed');
  };
}

/** Dies when it is to say that all is done. */
const diesBeforeTheMark = (): Store => ({
  ...services.store,
  transaction: (work) =>
    services.store.transaction((transaction) =>
      work({
        run: ((statement, values) => {
          if (statement.name.startsWith('mark')) throw new Error('killed');
          return transaction.run(statement, values);
        }) as Queryable['run'],
      }),
    ),
});

const crashes: readonly { readonly at: string; readonly faults: () => Faults; readonly copies: readonly number[] }[] = [
  { at: 'the row', faults: () => ({ append: diesAt(1, 'before') }), copies: [1, 1] },
  { at: 'the record among the live frames', faults: () => ({ append: diesAt(1, 'after') }), copies: [2, 1] },
  { at: 'the record among the late frames', faults: () => ({ append: diesAt(2, 'after') }), copies: [2, 2] },
  { at: 'the newest of the device', faults: () => ({ append: diesAt(3, 'after') }), copies: [2, 2] },
  { at: 'all but the mark', faults: () => ({ store: diesBeforeTheMark() }), copies: [2, 2] },
];

describe.each(crashes)('killed after $at', ({ at, faults, copies: [live = 0, late = 0] }) => {
  test('the next sweep publishes it, under the same id', async () => {
    const device = at.replaceAll(' ', '-');
    await configure(device, 1, 2);
    await expect(publisher(faults()).publish(device)).rejects.toThrow('killed');
    expect(await unpublished(device)).toEqual([1, 2]);
    await publisher().sweep();
    expect(await unpublished(device)).toEqual([]);
    expect(await versionsIn('frames', device)).toEqual([...Array(live).fill(1), 2]);
    expect(await versionsIn('backlog', device)).toEqual([...Array(late).fill(1), 2]);
    expect(await newestOf(device)).toMatchObject({ version: 2 });
    const controls = await recordsOf('frames', device);
    for (const copy of controls.slice(0, live)) expect(copy).toEqual(controls[0]);
  });
});

test('two at once publish each version once, and no older one after a newer one', async () => {
  const versions = Array.from({ length: 20 }, (_, at) => at + 1);
  await configure('twice', ...versions);
  const slow: Log['append'] = async (topic, records) => {
    await new Promise((settle) => setTimeout(settle, 5));
    await log.append(topic, records);
  };
  const others = Array.from({ length: 4 }, () => publisher({ append: slow, store: services.openStore('console') }));
  const outcomes = await Promise.all(others.map((one) => one.publish('twice')));
  expect(outcomes).toContain(true);
  expect(outcomes).toContain(false);
  expect(await versionsIn('frames', 'twice')).toEqual(versions);
  expect(await versionsIn('backlog', 'twice')).toEqual(versions);
  expect(await newestOf('twice')).toMatchObject({ version: 20 });
});

test('what cannot be published of one device holds up no other; an outage is one for all', async () => {
  await configure('a-broken', 1);
  await configure('b-whole', 1);
  const append: Log['append'] = async (topic, records) => {
    if (records.some(({ key }) => key === 'a-broken')) throw new Error('too large');
    await log.append(topic, records);
  };
  await expect(publisher({ append }).sweep()).rejects.toThrow('too large');
  expect([await unpublished('a-broken'), await unpublished('b-whole')]).toEqual([[1], []]);
  await configure('b-whole', 2);
  const asked: string[] = [];
  const away: Log['append'] = async (_topic, [record]) => {
    asked.push(record?.key ?? '');
    throw new Outage('the log', 'away');
  };
  await expect(publisher({ append: away }).sweep()).rejects.toThrow('the log');
  expect(asked).toEqual(['a-broken']);
});
