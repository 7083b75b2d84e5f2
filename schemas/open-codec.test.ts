import { afterEach, describe, expect, test } from 'vitest';
import { readConfig } from '../http/read-config.ts';
import { type Codec, fixedCodec } from './codec.ts';
import { meaningOf } from './fingerprint.ts';
import { type OpenOptions, openCodec } from './open-codec.ts';
import { type Released, released } from './registry.ts';
import { RegistryUnusable } from './registry-client.ts';
import { type RegistryConfig, registryConfig } from './registry-config.ts';
import { type RegistryUnderTest, startRegistry } from './registry-under-test.ts';
import { subjectOf } from './subject.ts';
import type { Control } from './types.ts';

const tick: Control = {
  control_id: 'b3f1c2de-0000-4000-8000-000000000000',
  device_id: 'camera-1',
  issued_at: 1_790_000_000_000,
  body: { kind: 'TickControl', at: 1_790_000_000_500 },
};

const started: RegistryUnderTest[] = [];
const waits: string[] = [];
const logger = { warn: ({ reason }: { reason: string }) => void waits.push(reason) } as never;

afterEach(async () => {
  waits.length = 0;
  for (const registry of started.splice(0)) await registry.stop();
});

async function start(options?: Parameters<typeof startRegistry>[0]): Promise<RegistryUnderTest> {
  const registry = await startRegistry(options);
  started.push(registry);
  return registry;
}

function open(url: string, config: Partial<RegistryConfig> = {}, options: OpenOptions = {}): Promise<Codec> {
  return openCodec(readConfig(registryConfig, { SCHEMA_REGISTRY_URL: url, ...config }), logger, options);
}

async function refusal(opening: Promise<Codec>): Promise<string> {
  const error = await opening.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RegistryUnusable);
  return (error as Error).message;
}

function schemaOf(name: string): Released {
  const found = released.find((schema) => schema.name === name);
  if (!found) throw new Error(`no schema for ${name}`);
  return found;
}

const idIn = (bytes: Buffer) => bytes.readInt32BE(1);

/** The id that a registry gives to what controls are written with, when its first is this. */
const idOfControls = (firstId: number) => firstId + released.findLastIndex(({ name }) => name === 'control');

test('without a registry the ids are the fixed ones', async () => {
  expect(await openCodec(readConfig(registryConfig, {}), logger)).toBe(fixedCodec);
});

describe('a registry', () => {
  test('is given every schema under the name of its record, and its ids stand before records', async () => {
    const registry = await start({ firstId: 100_001 });
    const codec = await open(registry.url);
    expect(idIn(codec.encode('control', tick))).toBe(idOfControls(100_001));
    expect(codec.decode(codec.encode('control', tick))).toEqual({ name: 'control', value: tick });
    expect(registry.requests.filter((request) => request.endsWith('/versions') && request.startsWith('POST'))).toEqual(
      released.map((schema) => `POST /subjects/${subjectOf(schema)}/versions`),
    );
  });

  test('that was empty gives out the fixed ids', async () => {
    const { url } = await start();
    const codec = await open(url);
    expect(codec.schemas.map(({ id, name }) => [id, name])).toEqual(released.map(({ id, name }) => [id, name]));
  });

  test('which knows them all is only asked, once for each', async () => {
    const registry = await start({ firstId: 50 });
    const before = await open(registry.url);
    const asked = registry.requests.length;
    const after = await open(registry.url, { SCHEMA_REGISTRY_REGISTER: 'off' });
    expect(after.schemas).toEqual(before.schemas);
    expect(registry.requests.slice(asked)).toEqual(released.map((schema) => `POST /subjects/${subjectOf(schema)}`));
  });

  test('is not asked again once the codec is open', async () => {
    const registry = await start();
    const codec = await open(registry.url);
    await registry.stop();
    expect(codec.decode(codec.encode('control', tick)).value).toEqual(tick);
  });

  test('that has the files as they are, docs and all, is taken at its word', async () => {
    const registry = await start({ firstId: 300 });
    for (const schema of released) registry.add(subjectOf(schema), schema.text);
    const codec = await open(registry.url, { SCHEMA_REGISTRY_REGISTER: 'off' });
    expect(idIn(codec.encode('control', tick))).toBe(idOfControls(300));
  });

  test('is asked with the name and password in its address, which nobody is told', async () => {
    const registry = await start({ user: 'passerby:p@ss:word' });
    const url = (password: string) => registry.url.replace('//', `//passerby:${password}@`);
    expect((await open(url('p%40ss%3Aword'))).schemas).toHaveLength(released.length);
    const told = await refusal(open(url('hunter22')));
    expect(told).toMatch(/does not let us in .*401.*SCHEMA_REGISTRY_URL/s);
    expect(told).not.toContain('hunter22');
  });

  test('may have its API below a path', async () => {
    const registry = await start();
    registry.intercept = (request) => {
      request.url = request.url?.replace('/apis/ccompat/v7', '');
      return false;
    };
    expect((await open(`${registry.url}/apis/ccompat/v7/`)).schemas).toHaveLength(released.length);
  });
});

describe('what was written before there was a registry', () => {
  test('is read by the fixed ids', async () => {
    const { url } = await start({ firstId: 100 });
    const codec = await open(url);
    expect(codec.decode(fixedCodec.encode('control', tick))).toEqual({ name: 'control', value: tick });
  });

  test('and taken for something else is not: the start is refused where the registry gives the same ids to others', async () => {
    const { url } = await start({ firstId: 2 });
    const told = await refusal(open(url));
    expect(told).toContain('2 (passerby.Frame there, passerby.Control without a registry)');
    expect(told).toContain('SCHEMA_REGISTRY_EARLIER_IDS=refuse');
  });

  test('is no record where nothing was', async () => {
    const { url } = await start({ firstId: 2 });
    const codec = await open(url, { SCHEMA_REGISTRY_EARLIER_IDS: 'refuse' });
    expect(idIn(codec.encode('control', tick))).toBe(idOfControls(2));
    expect(() => codec.decode(Buffer.from([0, 0, 0, 0, 1, 0]))).toThrow(/no schema of the id 1/);
  });
});

describe('a start is refused in words', () => {
  test('by a registry that says incompatible, with its reasons', async () => {
    const registry = await start();
    const other = { type: 'record', name: 'Frame', namespace: 'passerby', fields: [{ name: 'x', type: 'int' }] };
    registry.add('passerby.Frame', JSON.stringify(other));
    const told = await refusal(open(registry.url));
    expect(told).toMatch(/passerby\.Frame is not compatible .*incompatible with an earlier schema: .*field/s);
    expect(told).toMatch(/registry of its own/);
  });

  test('where nothing may be registered and something is missing', async () => {
    const registry = await start();
    const told = await refusal(open(registry.url, { SCHEMA_REGISTRY_REGISTER: 'off' }));
    expect(told).toMatch(/does not have schemas\/frame\.avsc under the subject passerby\.Frame/);
    expect(registry.requests.some((request) => /^POST .*versions$/.test(request))).toBe(false);
  });

  test('by a registry that lets this user only read', async () => {
    const registry = await start({ readOnly: true });
    expect(await refusal(open(registry.url))).toMatch(/does not let us register passerby\.Frame \(403/);
  });

  test('by a registry that lets this user not even read', async () => {
    const registry = await start();
    registry.intercept = (_, response) => {
      response.writeHead(403).end('{"error_code":40301,"message":"denied"}');
      return true;
    };
    expect(await refusal(open(registry.url))).toMatch(/read the subject passerby\.Frame \(403: denied\)/);
  });

  test.each([
    ['a page', 200, '<html>Welcome</html>'],
    ['no id', 200, '{"subject":"passerby.Frame"}'],
    ['an id beyond four bytes', 200, '{"id":2147483648}'],
    ['an id that is text', 200, '{"id":"1"}'],
    ['a 404 that is not of the API', 404, 'Not Found'],
    ['null', 200, 'null'],
  ])('by %s where a registry should be', async (_, status, body) => {
    const registry = await start();
    registry.intercept = (__, response) => {
      response.writeHead(status).end(body);
      return true;
    };
    expect(await refusal(open(registry.url))).toMatch(/does not answer as a schema registry does/);
  });

  test('by an answer without an end', async () => {
    const registry = await start();
    registry.intercept = (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(2 ** 16)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
      return true;
    };
    expect(await refusal(open(registry.url))).toMatch(/does not answer as a schema registry does/);
  });

  test('by a registry that has hundreds of versions of one schema', async () => {
    const registry = await start();
    registry.intercept = (request, response) => {
      if (!request.url?.endsWith('/versions')) return false;
      response.end(JSON.stringify(Array.from({ length: 101 }, (_, at) => at + 1)));
      return true;
    };
    expect(await refusal(open(registry.url))).toMatch(/has 101 versions of passerby\.Frame/);
  });

  test('by a registry that gives one id to two schemas', async () => {
    const registry = await start();
    registry.intercept = (_, response) => {
      response.end('{"id":7}');
      return true;
    };
    expect(await refusal(open(registry.url))).toMatch(/gives the id 7 to passerby\.Frame and to passerby\.Control/);
  });

  test('by an address that is none, without showing it', async () => {
    const told = await refusal(open('http://name:pass word@[/'));
    expect(told).toMatch(/SCHEMA_REGISTRY_URL is no URL/);
    expect(told).not.toContain('pass word');
  });
});

describe('a registry that cannot be had', () => {
  test('is waited for', async () => {
    const registry = await start();
    let away = 3;
    registry.intercept = (_, response) => {
      if (away <= 0) return false;
      away -= 1;
      if (away === 2) response.destroy();
      else response.writeHead(away === 1 ? 500 : 429).end('{"error_code":50001,"message":"the store is away"}');
      return true;
    };
    const codec = await open(registry.url);
    expect(codec.schemas).toHaveLength(released.length);
    expect(waits).toHaveLength(3);
    expect(waits[1]).toMatch(/answers 500: the store is away/);
  });

  test('and does not answer at all is given up in time', async () => {
    const registry = await start();
    registry.intercept = () => true;
    const told = await refusal(open(registry.url, {}, { withinMs: 500, answerWithinMs: 200 }));
    expect(told).toMatch(/cannot be had: .*does not answer: .*Start it/);
    expect(waits).not.toHaveLength(0);
  });

  test.each([
    ['is away', false],
    ['hangs', true],
  ])('is waited for no longer than the process is to run, when it %s', async (_, hangs) => {
    const registry = await start();
    registry.intercept = () => true;
    if (!hangs) await registry.stop();
    const stop = new AbortController();
    const opening = open(registry.url, {}, { signal: stop.signal, answerWithinMs: 60_000 });
    setTimeout(() => stop.abort(), 50);
    await expect(opening).rejects.toThrow(/aborted/);
  });

  test('because nobody listens there is told as it is', async () => {
    const registry = await start();
    await registry.stop();
    const told = await refusal(open(registry.url.replace('//', '//me:hunter22@'), {}, { withinMs: 500 }));
    expect(told).toMatch(/^(?!.*hunter22).*ECONNREFUSED/);
  });
});

test('the text that a registry is given is what the schema means, whatever its docs say', () => {
  const { schema } = schemaOf('frame');
  expect(meaningOf({ ...schema, doc: 'Worded anew.' })).toBe(meaningOf(schema));
  expect(meaningOf(schema)).not.toContain('"doc"');
});
