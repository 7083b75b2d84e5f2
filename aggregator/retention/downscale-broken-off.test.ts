import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Queryable, Statement, Store } from '../../ports/store/store.ts';
import { type Capture, captureOf, pictureOf } from './downscaled-under-test.ts';
import { HOUR_MS, jpegUnderTest, NOON_MS, type RetentionRig, startRetentionRig } from './rig-under-test.ts';

/** Pictures that are being made smaller when something comes in between. */
let rig: RetentionRig;
let wide: Buffer;
beforeAll(async () => {
  [rig, wide] = await Promise.all([startRetentionRig(), jpegUnderTest({ width: 640, height: 480 })]);
});
afterAll(() => rig.services.stop());
beforeEach(() => rig.empty());

/** Smaller after six hours. */
const config = { FRAMES_DOWNSCALE_H: 6 };
const OLD_MS = NOON_MS - 7 * HOUR_MS;

/** The whole pictures go with the next run, and so does what nobody came to name. */
async function runOnceMore(): Promise<void> {
  rig.clock.advance(20 * 60_000);
  await rig.run({ config });
}

describe('killed', () => {
  const killed = () => Promise.reject(new Error('killed'));

  /** A store that ends at a statement, before it is said or once it is done. */
  function storeThatEndsAt(statement: string, when: 'before' | 'after'): Store {
    const { store } = rig.services;
    const ending = (within: Queryable): Queryable => ({
      async run<Row extends object>(asked: Statement, values?: readonly unknown[]) {
        const isIt = asked.name.startsWith(statement);
        if (isIt && when === 'before') return killed();
        const rows = await within.run<Row>(asked, values);
        return isIt ? killed() : rows;
      },
    });
    return {
      ...store,
      ...ending(store),
      transaction: (work) => store.transaction((within) => work(ending(within))),
    };
  }

  const seqs: number[] = [];
  beforeEach(async () => {
    seqs.length = 0;
    for (let frames = 0; frames < 3; frames++) {
      seqs.push(await rig.addFrame({ atMs: OLD_MS + frames, picture: wide }));
    }
  });

  let puts = 0;
  test.each<[when: string, how: () => Parameters<RetentionRig['run']>[0], isSmaller: boolean]>([
    ['once the pictures are noted', () => ({ store: storeThatEndsAt('note-small-pictures', 'after') }), false],
    [
      'with one of them stored',
      () => {
        puts = 0;
        return {
          blobs: {
            put: (key: string, bytes: Buffer) => (puts++ === 0 ? rig.blobs.put(key, bytes) : killed()),
          },
        };
      },
      false,
    ],
    ['with all of them stored', () => ({ store: storeThatEndsAt('hold-small-pictures', 'before') }), false],
    ['before the commit', () => ({ store: storeThatEndsAt('take-downscaling', 'after') }), false],
    ['before the receipt', () => ({ store: storeThatEndsAt('insert-run', 'before') }), true],
  ])('%s, it leaves nothing that names nothing, and the next runs put it right', async (_, how, isSmaller) => {
    await rig.run({ config, ...how() }).catch((error: Error) => expect(error.message).toBe('killed'));
    for (const seq of seqs) expect(await pictureOf(rig, seq)).toMatchObject({ width: isSmaller ? 320 : 640 });
    expect(await rig.countOf('expired_blobs')).toBe(3);
    await rig.run({ config });
    for (const seq of seqs) expect(await pictureOf(rig, seq)).toMatchObject({ width: 320 });
    await runOnceMore();
    expect([await rig.unmatched(), await rig.countOf('expired_blobs')]).toEqual([[], 0]);
    for (const seq of seqs) expect(await pictureOf(rig, seq)).toMatchObject({ width: 320 });
  });
});

describe('meanwhile', () => {
  /** Does something else once the pictures are noted, and before they are stored. */
  const withinRun = (act: () => Promise<unknown>) => {
    let acted: Promise<unknown> | null = null;
    return {
      put: async (key: string, bytes: Buffer) => {
        acted ??= act();
        await acted;
        return rig.blobs.put(key, bytes);
      },
    };
  };

  test.each<[what: string, act: () => Promise<unknown>, left: (whole: Capture) => object]>([
    [
      'the frame is queued again, as by a redrive',
      () => rig.query("update captures set state = 'queued'"),
      ({ blob_key }) => ({ blob_key, downscaled: null, sent_sha256: null }),
    ],
    [
      'the check forgets its picture',
      () => rig.query('update captures set blob_key = null'),
      () => ({ blob_key: null, downscaled: null }),
    ],
    [
      'an erasure takes over what is to be deleted',
      async () => {
        for (const { key } of await rig.query<{ key: string }>('delete from expired_blobs returning key')) {
          await rig.blobs.delete(key);
        }
      },
      ({ blob_key }) => ({ blob_key, downscaled: null, sent_sha256: null }),
    ],
    [
      'so much time goes by that the note may be taken for old',
      async () => rig.clock.advance(11 * 60_000),
      ({ blob_key }) => ({ blob_key, downscaled: null, sent_sha256: null }),
    ],
  ])('%s: the row stays as that left it, and the smaller picture goes', async (_, act, left) => {
    const seq = await rig.addFrame({ atMs: OLD_MS, picture: wide });
    const whole = await captureOf(rig, seq);
    await rig.run({ config, blobs: withinRun(act) });
    expect(await captureOf(rig, seq)).toMatchObject(left(whole));
    expect(await rig.blobs.get(whole.blob_key)).toEqual(wide);
    rig.clock.advance(20 * 60_000);
    await rig.run();
    expect((await rig.keys()).filter((key) => key.includes('.small-'))).toEqual([]);
    expect(await rig.countOf('expired_blobs')).toBe(0);
  });

  test('its row goes: so does the smaller picture', async () => {
    await rig.addFrame({ atMs: OLD_MS, picture: wide });
    const [key] = await rig.keys();
    await rig.run({ config, blobs: withinRun(() => rig.query('delete from captures')) });
    rig.clock.advance(20 * 60_000);
    await rig.run();
    expect(await rig.keys()).toEqual([key]);
  });
});
