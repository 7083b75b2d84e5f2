import { describe, expect, test } from 'vitest';
import type { Blobs } from '../ports/blobs/blobs.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { firstAtMs, frameOf } from './frames-under-test.ts';
import { configurationOf, createWorld, readTopic, runLanes, toldIn } from './lane-under-test.ts';
import { show, visit } from './visit-under-test.ts';

describe('a lane', () => {
  test('takes a configuration at its place among the frames, wherever batches end', async () => {
    const settings = { thresholds: { motion_score: 0.5 } };
    const told: unknown[] = [];
    for (const batchRecordsMax of [100, 3, 1]) {
      const world = createWorld();
      await show(world, visit.slice(0, 3));
      const second = configurationOf('camera-1', 2, settings);
      // Twice, and one that is older: as after a crash of who writes them.
      await world.log.append('frames', [second, second, configurationOf('camera-1', 1, {})]);
      await show(world, visit.slice(3), { fromSeq: 3 });
      await runLanes(world.log, [world.lane({ batchRecordsMax })]);
      const observed = (await readTopic(world.log, 'observations')).map(({ value }) => value);
      expect(observed.map((value) => 'config_version' in value && value.config_version)).toEqual([0, 0, 0, 2, 2, 2, 2]);
      expect(await readTopic(world.log, 'dead-letters')).toEqual([]);
      told.push(await toldIn(world.log));
    }
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
  });

  test('keeps the configuration of a device over a restart, of each lane its own', async () => {
    const world = createWorld();
    await world.log.append('frames', [configurationOf('camera-1', 3, {})]);
    await runLanes(world.log, [world.lane(), world.lane({ lane: 'backlog' })]);
    await show(world, visit.slice(0, 1));
    await show(world, visit.slice(1, 2), { lane: 'backlog' });
    await runLanes(world.log, [world.lane(), world.lane({ lane: 'backlog' })]);
    const observed = (await readTopic(world.log, 'observations')).map(({ value }) => value);
    expect(observed.map((value) => 'config_version' in value && [value.lane, value.config_version]).sort()).toEqual([
      ['backlog', 0],
      ['live', 3],
    ]);
  });

  test('fetches no picture of a paused device, whether the pause was known or begins in the batch', async () => {
    for (const batchRecordsMax of [100, 1]) {
      const world = createWorld();
      await show(world, visit.slice(0, 2));
      const pause = configurationOf('camera-1', 1, { device: { paused: true } });
      await world.log.append('frames', [pause]);
      await show(world, visit.slice(2, 5), { fromSeq: 2 });
      await world.log.append('frames', [configurationOf('camera-1', 2, {}), pause]);
      await show(world, visit.slice(5), { fromSeq: 5 });
      const asked: string[] = [];
      const get: Blobs['get'] = (key) => {
        asked.push(key);
        return world.blobs.get(key);
      };
      await runLanes(world.log, [world.lane({ blobs: { ...world.blobs, get }, batchRecordsMax })]);
      const times = [0, 200, 4_000, 4_200];
      expect(asked.toSorted()).toEqual(times.map((atMs) => `images/camera-1/${atMs}.jpg`).toSorted());
      const observed = (await readTopic(world.log, 'observations')).map(({ value }) => value);
      expect(observed.map((value) => 'reason' in value && [value.outcome, value.reason])).toEqual([
        ['analysed', 'first-frame'],
        ['analysed', null],
        ['skipped', 'paused'],
        ['skipped', 'paused'],
        ['skipped', 'paused'],
        ['analysed', 'first-frame'],
        ['analysed', null],
      ]);
      expect(world.troubles).toEqual([]);
    }
  });

  test('is stopped by no settings, whatever they are', async () => {
    const world = createWorld();
    const later = { device: { paused: 'by night' }, zones: [{ id: 'z', shape: 'circle' }], moods: { angry: true } };
    const none = fixedCodec.encode('control', {
      control_id: frameOf({ seq: 0, atMs: 0 }).frame_id,
      device_id: 'camera-1',
      issued_at: firstAtMs,
      body: { kind: 'ConfigurationControl', version: 8, settings_json: '{' },
    });
    await show(world, visit.slice(0, 1));
    await world.log.append('frames', [configurationOf('camera-1', 7, later), { key: 'camera-1', value: none }]);
    await world.log.append('frames', [configurationOf('../x', 1, {})]);
    await show(world, visit.slice(1), { fromSeq: 1 });
    await runLanes(world.log, [world.lane()]);
    const letters = (await readTopic(world.log, 'dead-letters')).map(({ value }) => 'code' in value && value.code);
    expect(letters.sort()).toEqual(['bad-device-id', 'unreadable-settings']);
    const observed = (await readTopic(world.log, 'observations')).map(({ value }) => value);
    expect(observed.map((value) => 'config_version' in value && value.config_version)).toEqual([0, 7, 7, 7, 7, 7, 7]);
    expect(world.troubles).toEqual([]);
  });
});
