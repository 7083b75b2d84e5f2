import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';

describe('the command line', () => {
  test('may be empty', () => {
    expect(parseArguments([], { ADMIN_PASSWORD: 'secret' })).toEqual({
      kind: 'run',
      arguments: {
        devices: 10,
        fps: 5,
        seconds: 60,
        video: null,
        width: 640,
        url: 'http://127.0.0.1:8080',
        consoleUrl: 'http://127.0.0.1:8080',
        seed: 1,
        prefix: 'sim',
        atOnce: false,
        startMs: null,
        password: 'secret',
        duplicateShare: 0.01,
      },
    });
  });

  test('speaks HTTPS to a service that does', () => {
    expect(parseArguments([], { TLS_CERT_FILE: 'certs/server.pem', PORT: '9000' })).toMatchObject({
      arguments: { url: 'https://127.0.0.1:9000', consoleUrl: 'https://127.0.0.1:9000' },
    });
  });

  test('is read', () => {
    const line =
      '--devices 2 --fps=0.5 --seconds 3 --url https://x/ --console https://y/ --seed -4 --prefix a-b --at-once --start 2025-01-31T08:00:00Z --password p --duplicates 1';
    expect(parseArguments(line.split(' '), {})).toMatchObject({
      kind: 'run',
      arguments: {
        devices: 2,
        fps: 0.5,
        seconds: 3,
        url: 'https://x/',
        consoleUrl: 'https://y/',
        atOnce: true,
        startMs: 1738310400000,
        password: 'p',
      },
    });
    expect(parseArguments(['--help', '--nonsense'], {})).toEqual({ kind: 'help' });
  });

  test('shows one camera all of a clip, unless it says otherwise; the file is looked for where npm was called', () => {
    expect(parseArguments(['--video', 'a.gif'], { INIT_CWD: '/films' })).toMatchObject({
      arguments: { devices: 1, fps: 5, seconds: Number.POSITIVE_INFINITY, video: resolve('/films/a.gif'), width: 640 },
    });
    const line = '--video /b/c.mp4 --devices 3 --fps 2 --seconds 7.5 --width 320';
    expect(parseArguments(line.split(' '), { INIT_CWD: '/films' })).toMatchObject({
      arguments: { devices: 3, fps: 2, seconds: 7.5, video: resolve('/b/c.mp4'), width: 320 },
    });
  });

  test('has all its faults named at once', () => {
    const line =
      '--devices 0 --fps x --url ftp://a --prefix ../ --start soon --duplicates 2 --speed 3 stray --at-once=yes --width 8 --video= --seed';
    const parsed = parseArguments(line.split(' '), {});
    expect(parsed.kind === 'wrong' ? parsed.faults : []).toEqual([
      'there is no option --speed',
      "'3' belongs to no option",
      "'stray' belongs to no option",
      '--at-once takes no value',
      '--video needs a value',
      '--seed needs a value',
      "--url must be an http or https URL, not 'ftp://a'",
      "--console must be an http or https URL, not 'ftp://a'",
      "--prefix must be letters, digits, - and _, at most 40, not '../'",
      "--start must be a time such as 2025-01-31T08:00:00Z, not 'soon'",
      "--devices must be a whole number from 1 to 1000, not '0'",
      "--fps must be above 0 and at most 60, not 'x'",
      "--width must be a whole number from 16 to 4096, not '8'",
      "--duplicates must be from 0 to 1, not '2'",
    ]);
  });
});
