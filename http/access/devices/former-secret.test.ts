import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createManualClock } from '../../../ports/clock/manual.ts';
import { type ServicesUnderTest, startServices } from '../../../ports/store/services-under-test.ts';
import { createDeviceAccess, type DeviceAccess } from './device-access.ts';
import { NO_LIMITS, SECRET } from './devices-under-test.ts';

/** The server's secret is another one from now on, and devices are not to be paired anew for it. */
const NEW_SECRET = 'another secret, which nobody has seen';
const RUNBOOK = new URL('../../../ops/RUNBOOK.md', import.meta.url);
const clock = createManualClock(Date.UTC(2026, 4, 1, 12));

let services: ServicesUnderTest;
beforeAll(async () => {
  services = await startServices({ migrations: new URL('../../../aggregator/migrations/', import.meta.url) });
});
afterAll(() => services.stop());

/** A process that is started with these, and remembers nothing of what others were asked. */
function started(secret: string, before?: string): DeviceAccess {
  const config = { ...NO_LIMITS, ...(before === undefined ? {} : { SERVER_SECRET_BEFORE: before }) };
  return createDeviceAccess({ store: services.store, secret, config, nowMs: clock.nowMs });
}

async function pair(access: DeviceAccess, deviceId: string) {
  const { code } = await access.pairings.pair({ deviceId, ownerId: null, fleetId: null });
  const { token } = await access.pairings.activate(code, '192.0.2.1');
  return { token: token.token, key: access.signatures.keyOf(token.digest) };
}

const nameOf = async ({ tokens }: DeviceAccess, token: string) => (await tokens.find(token))?.id ?? null;

test('a token is known under the secret before, and from then on under the new one', async () => {
  const { token } = await pair(started(SECRET), 'kept');
  expect(await nameOf(started(NEW_SECRET), token)).toBeNull();
  expect(await nameOf(started(NEW_SECRET, SECRET), token)).toBe('kept');
  expect(await nameOf(started(NEW_SECRET), token)).toBe('kept');
  expect(await nameOf(started(SECRET), token)).toBeNull();
});

test('so is the one beside a token that was never used, and it stays beside it', async () => {
  const access = started(SECRET);
  const { token } = await pair(access, 'rotated');
  const next = (await access.tokens.rotate('rotated'))?.token ?? '';
  expect(await nameOf(started(NEW_SECRET, SECRET), token)).toBe('rotated');
  expect(await nameOf(started(NEW_SECRET), token)).toBe('rotated');
  expect(await nameOf(started(NEW_SECRET, SECRET), next)).toBe('rotated');
  expect(await nameOf(started(NEW_SECRET), next)).toBe('rotated');
  // The new one is in use, so that the one before it is over.
  expect(await nameOf(started(NEW_SECRET, SECRET), token)).toBeNull();
});

test('what nobody has is known under no secret', async () => {
  const { token } = await pair(started('a third secret, of somebody else altogether'), 'strange');
  expect(await nameOf(started(NEW_SECRET, SECRET), token)).toBeNull();
});

let seq = 0;

/** Whether a request that the device has signed is let in, or why not. */
async function letIn(access: DeviceAccess, { token, key }: { readonly token: string; readonly key: string }) {
  seq += 1;
  const body = createHash('sha256').digest('hex');
  const signed = ['POST', '/upload', String(clock.nowMs()), String(seq), body].join('\n');
  const headers = {
    'x-signature-time': String(clock.nowMs()),
    'x-signature-seq': String(seq),
    'x-content-sha256': body,
    'x-signature': createHmac('sha256', key).update(signed).digest('hex'),
  };
  const device = await access.tokens.find(token);
  if (!device) return 'unknown';
  const request = { method: 'POST', url: '/upload', headers, raw: new IncomingMessage(new Socket()) };
  return access.signatures.check(request, device.id, device.tokenDigests).then(
    () => 'let in',
    ({ code }: { code: string }) => code,
  );
}

test('whoever signs goes on with the key that they have, for as long as the secret before counts', async () => {
  const signing = await pair(started(SECRET), 'signing');
  expect(await letIn(started(SECRET), signing)).toBe('let in');
  expect(await letIn(started(NEW_SECRET, SECRET), signing)).toBe('let in');
  expect(await letIn(started(NEW_SECRET, SECRET), signing)).toBe('let in');
  expect(await letIn(started(NEW_SECRET, SECRET), { ...signing, key: 'guessed' })).toBe('wrong-signature');
  expect(await letIn(started(NEW_SECRET), signing)).toBe('wrong-signature');

  const access = started(NEW_SECRET, SECRET);
  const rotated = await access.tokens.rotate('signing');
  if (!rotated) throw new Error('not rotated');
  const anew = { token: rotated.token, key: access.signatures.keyOf(rotated.digest) };
  expect(await letIn(started(NEW_SECRET), anew)).toBe('let in');
});

test('the runbook asks for all that are known under the secret before alone', async () => {
  const [, question = ''] =
    /```sql\n(select id, last_seen_at from devices.*?)```/s.exec(readFileSync(RUNBOOK, 'utf8')) ?? [];
  const [access, anew] = [started(SECRET), started(NEW_SECRET, SECRET)];
  for (const id of ['asked-heard', 'asked-silent', 'asked-never-heard', 'asked-anew']) await pair(access, id);
  await hear('asked-heard');
  await hear('asked-silent');
  clock.advance(60_000);
  const changedAt = new Date(clock.nowMs()).toISOString();
  clock.advance(60_000);
  await hear('asked-heard');
  await pair(anew, 'asked-anew');
  await pair(anew, 'asked-new');
  await anew.pairings.pair({ deviceId: 'asked-code', ownerId: null, fleetId: null });

  const text = question.replace(/'2026[^']*'/, `'${changedAt}'`);
  const asked = await services.store.run<{ id: string }>({ name: 'asked of the runbook', text });
  const ids = asked.map(({ id }) => id).filter((id) => id.startsWith('asked-'));
  expect(ids.sort()).toEqual(['asked-never-heard', 'asked-silent']);
});

const hear = (id: string) =>
  services.store.run({ name: 'hear', text: 'update devices set last_seen_at = $2 where id = $1' }, [
    id,
    new Date(clock.nowMs()),
  ]);
