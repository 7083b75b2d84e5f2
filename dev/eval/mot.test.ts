import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { needs } from '../../ports/servers-under-test.ts';
import { openPython } from '../python/open-python.ts';
import { SHARED_DATA } from '../shared-data.ts';
import { findMotSequences, type MotBox, readFps, readMotSequence, readTruth, writeMot } from './mot.ts';
import { scoreTracks } from './score-tracks.ts';

const folder = mkdtempSync(join(tmpdir(), 'passerby-mot-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the MOTChallenge’s format', () => {
  test('of 2015: ten columns, the last three a place in the world', () => {
    const truth = readTruth(
      '1,1,50,191,61,141,1,-5.0036,11.913,0.69979\n1,2,175,200,48,104,0,-1,-1,-1\n\n3,1,5,6,7,8,1,-1,-1,-1\n',
    );
    expect([...truth]).toEqual([
      [1, [{ id: 1, left: 50, top: 191, width: 61, height: 141 }]],
      [3, [{ id: 1, left: 5, top: 6, width: 7, height: 8 }]],
    ]);
  });

  test('of later years: nine columns, and of their classes only pedestrians', () => {
    const truth = readTruth('2,1,50,191,61,141,1,1,0.8\n2,2,50,191,61,141,1,7,0.8\n2,3,50,191,61,141,0,1,1\n');
    expect([...truth]).toEqual([[2, [{ id: 1, left: 50, top: 191, width: 61, height: 141 }]]]);
  });

  test('says its frames a second, or not', () => {
    expect(readFps('[Sequence]\nname=TUD\nimDir=img1\nframeRate=25\nseqLength=71\n')).toBe(25);
    expect(readFps('[Sequence]\r\nframeRate = 7.5\r\n')).toBe(7.5);
    expect(readFps('[Sequence]\nframeRate=0\n')).toBeNull();
    expect(readFps('')).toBeNull();
  });

  test('of a folder: pictures in their order, each with its truth', () => {
    const one = join(folder, 'one');
    for (const name of ['gt', 'img1']) mkdirSync(join(one, name), { recursive: true });
    for (const name of ['000002.jpg', '000001.jpg', 'notes.txt']) writeFileSync(join(one, 'img1', name), '');
    writeFileSync(join(one, 'gt/gt.txt'), '2,9,1,2,3,4,1,-1,-1,-1\n');
    writeFileSync(join(one, 'seqinfo.ini'), '[Sequence]\nframeRate=10\n');
    mkdirSync(join(folder, 'none'));
    expect(findMotSequences(folder)).toEqual([one]);
    expect(findMotSequences(one)).toEqual([one]);
    expect(readMotSequence(one)).toEqual({
      name: 'one',
      fps: 10,
      frames: [
        { path: join(one, 'img1/000001.jpg'), truth: [] },
        { path: join(one, 'img1/000002.jpg'), truth: [{ id: 9, left: 1, top: 2, width: 3, height: 4 }] },
      ],
    });
  });

  test('what is written is what is read', () => {
    const box: MotBox = { id: 3, left: -1.5, top: 20.25, width: 30, height: 60.5 };
    const text = writeMot([[box], [], [{ ...box, id: 4 }]]);
    expect(text).toBe('1,3,-1.50,20.25,30.00,60.50,1,-1,-1,-1\n3,4,-1.50,20.25,30.00,60.50,1,-1,-1,-1\n');
    expect([...readTruth(text)]).toEqual([
      [1, [box]],
      [3, [{ ...box, id: 4 }]],
    ]);
  });
});

const campus = join(SHARED_DATA, 'mot/TUD-Campus');
const opened = existsSync(campus) ? await openPython(new URL('../python/tracking.txt', import.meta.url)) : null;
const python = opened && 'python' in opened ? opened.python : null;
if (!python)
  console.warn('SKIPPED: the scorer in dev/eval/mot.test.ts: the sequences, or a Python for it, are not there');

describe.skipIf(!python)(`TrackEval ${needs('data')}`, () => {
  test('finds no fault with the truth, and counts who changes their number', () => {
    const truth = readMotSequence(campus).frames.map(({ truth }) => truth);
    const one = truth[30]?.find(({ id }) => truth[29]?.some((box) => box.id === id))?.id;
    const renamed = truth.map((boxes, at) =>
      boxes.map((box) => (at < 30 || box.id !== one ? box : { ...box, id: 99 })),
    );
    const [scores] = scoreTracks(python ?? '', folder, [
      { sequence: 'TUD-Campus', rate: 25, truth, tracks: { ours: truth, sort: renamed } },
    ]);
    expect(scores?.ours).toEqual({ mota: 1, idf1: 1, hota: 1, switches: 0 });
    expect(scores?.sort.switches).toBe(1);
    expect(scores?.sort.idf1).toBeLessThan(1);
  });
});
