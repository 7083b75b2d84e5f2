import { describe, expect, test } from 'vitest';
import { fixedCodec } from '../schemas/codec.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import type { StepOutput } from './device-step.ts';
import { createSteps, newDevice, type Shot } from './device-under-test.ts';
import { firstAtMs, frameOf, lookOf, type Place, smallGrid } from './frames-under-test.ts';
import { readSequences } from './sequences-under-test.ts';
import { type DeviceState, packState, STATE_VERSION, unpackState } from './state.ts';

type Input = Shot | Configuration;

describe('a configuration among frames', () => {
  for (const { title, rows } of readSequences('configuration')) {
    test(title, () => {
      const inputs = readInputs(rows.map(({ input }) => input));
      const told = run(inputs);
      expect(told.map((outputs) => outputs.map(tell).join('; '))).toEqual(rows.map(({ expected }) => expected));
      // All that is told at one place is told of one configuration.
      for (const outputs of told) expect(new Set(outputs.map(versionOf)).size).toBeLessThanOrEqual(1);
      // Again, and with the state stored and read between any two.
      expect(run(inputs)).toEqual(told);
      expect(run(inputs, (state) => unpackState(STATE_VERSION, packState(state), fixedCodec))).toEqual(told);
    });
  }

  test('leaves out what the detector is less sure of than it says', () => {
    const box = { x: 0, y: 0, width: 1, height: 1 };
    const objects = [0.4, 0.5, 0.6].map((confidence) => ({ className: 'person', confidence, box, appearance: null }));
    const shown = {
      frame: frameOf({ seq: 0, atMs: 0 }),
      look: { ...lookOf(0), found: { ...lookOf(0).found, objects } },
    };
    const [[output] = []] = run([configuration(1, '{"thresholds": {"detection_confidence": 0.5}}'), shown]).slice(1);
    if (output?.kind !== 'observation') throw new Error('not observed');
    expect(output.observation.objects.map(({ confidence }) => confidence)).toEqual([0.5, 0.6]);
  });

  test('is none if it is no JSON object, or far too long to be kept', () => {
    for (const settings_json of ['', '{', 'null', '[]', '"{}"', '7', `{"x": "${'x'.repeat(200_000)}"}`]) {
      expect(readConfiguration({ version: 1, settings_json })).toBeNull();
    }
  });
});

test('a frame that nobody looked at, of a device that is not paused, is a fault of the program', () => {
  expect(() => run([{ frame: frameOf({ seq: 0, atMs: 0 }), look: null }])).toThrow('not paused');
});

function run(inputs: readonly Input[], between = (state: DeviceState) => state): (readonly StepOutput[])[] {
  const step = createSteps(smallGrid);
  let state = newDevice;
  return inputs.map((input) => {
    const [next, told] = step(between(state), input);
    state = next;
    return told;
  });
}

function tell(output: StepOutput): string {
  if (output.kind === 'rejected') return output.code;
  if (output.kind === 'observation') {
    const { config_version, outcome, reason, motion, width } = output.observation;
    expect([outcome, width]).toEqual(
      reason === 'paused' ? ['skipped', 0] : [reason === 'still' ? 'skipped' : 'analysed', 320],
    );
    return `c${config_version} ${reason ?? (motion && motion.boxes.length > 0 ? 'moving' : 'still')}`;
  }
  const { type, version, ended_at } = output.event;
  return `${type} v${version}${ended_at === null ? '' : ` to ${ended_at - firstAtMs}ms`}`;
}

function versionOf(output: StepOutput): number | null {
  if (output.kind === 'rejected') return null;
  return (output.kind === 'event' ? output.event : output.observation).config_version;
}

/** Frames are numbered as they come. */
function readInputs(given: readonly string[]): readonly Input[] {
  let seq = 0;
  return given.map((one) => {
    const input = readInput(one, seq);
    if ('frame' in input) seq += 1;
    return input;
  });
}

function readInput(given: string, seq: number): Input {
  const [, version, json] = /^configuration (\d+) (.*)$/.exec(given) ?? [];
  if (version !== undefined && json !== undefined) return configuration(Number(version), json);
  const [time = '', place = ''] = given.split(/\s+/);
  const frame = frameOf({ seq, atMs: Number.parseInt(time, 10) });
  return { frame, look: place === '-' ? null : lookOf(Number(place) as Place) };
}

function configuration(version: number, settings_json: string): Configuration {
  const read = readConfiguration({ version, settings_json });
  if (!read) throw new Error(`no configuration: ${settings_json}`);
  return read;
}
