import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';

let children: ChildProcess[] = [];

afterEach(async () => {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }),
  );
  children = [];
});

/** A process of its own, since it ends as one: `start` is the body of what it starts with, and can `say` lines. */
function runElsewhere(start: string, { stopWithinMs = 20_000 }: { readonly stopWithinMs?: number } = {}) {
  const program = `
    import { writeSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { pino } from 'pino';
    import { runProcess } from ${JSON.stringify(new URL('./process.ts', import.meta.url).href)};
    const say = (line) => writeSync(1, line + '\\n');
    const explain = (error) => 'It could not start: ' + error.message;
    await runProcess({ logger: pino({ level: 'silent' }), stopWithinMs: ${stopWithinMs}, explain }, async (parts) => {
      // Something to live for, as a server's socket is.
      const alive = setInterval(() => {}, 1_000);
      parts.started('life', () => clearInterval(alive));
      ${start}
    });
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let said = '';
  let complained = '';
  child.stdout.on('data', (bytes) => {
    said += bytes;
  });
  child.stderr.on('data', (bytes) => {
    complained += bytes;
  });
  const ended = once(child, 'close').then(([status, signal]) => ({
    status: status ?? signal,
    lines: said.split('\n').filter(Boolean),
    complained,
  }));
  return {
    ended,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** Until it has said the line. */
    heard: (line: string) => expect.poll(() => said.split('\n'), { timeout: 20_000, interval: 20 }).toContain(line),
  };
}

describe('a stop', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s undoes in reverse what was started, with status 0',
    async (signal) => {
      const { heard, kill, ended } = runElsewhere(`
      parts.started('first', () => say('first stopped'));
      parts.started('second', async () => {
        await sleep(50);
        say('second stopped');
      });
      parts.started('third', () => say('third stopped'));
      say('started');
    `);
      await heard('started');
      kill(signal);
      expect(await ended).toEqual({
        status: 0,
        lines: ['started', 'third stopped', 'second stopped', 'first stopped'],
        complained: '',
      });
    },
  );

  test('goes on past what does not stop cleanly, with status 1', async () => {
    const { heard, kill, ended } = runElsewhere(`
      parts.started('first', () => say('first stopped'));
      parts.started('second', () => {
        throw new Error('stuck');
      });
      parts.started('third', () => Promise.reject(new Error('stuck')));
      say('started');
    `);
    await heard('started');
    kill('SIGTERM');
    expect(await ended).toMatchObject({ status: 1, lines: ['started', 'first stopped'] });
  });

  test('while it starts lets it get to its next part, and undoes that first', async () => {
    const { heard, kill, ended } = runElsewhere(`
      parts.started('first', async () => {
        say('first stops');
        await sleep(1_500);
      });
      say('started');
      await sleep(1_000);
      parts.started('late', () => say('late stopped'));
    `);
    await heard('started');
    kill('SIGTERM');
    expect(await ended).toMatchObject({ status: 0, lines: ['started', 'late stopped', 'first stops'] });
  });

  test.each([
    ['at work', ''],
    ['without anything left to live for', 'clearInterval(alive);'],
  ])('that hangs is cut off after its time, %s, with status 1', async (_what, meanwhile) => {
    const { heard, kill, ended } = runElsewhere(
      `
      parts.started('first', () => say('first stopped'));
      parts.started('second', () => {
        say('hangs');
        ${meanwhile}
        return new Promise(() => {});
      });
      say('started');
    `,
      { stopWithinMs: 400 },
    );
    await heard('started');
    kill('SIGTERM');
    await heard('hangs');
    const hangsSinceMs = performance.now();
    expect(await ended).toMatchObject({ status: 1, lines: ['started', 'hangs'] });
    expect(performance.now() - hangsSinceMs).toBeGreaterThan(200);
  });

  test('asked for twice ends at once', async () => {
    const { heard, kill, ended } = runElsewhere(
      `
      parts.started('first', () => say('first stopped'));
      parts.started('second', () => {
        say('hangs');
        return new Promise(() => {});
      });
      say('started');
    `,
      { stopWithinMs: 60_000 },
    );
    await heard('started');
    kill('SIGINT');
    await heard('hangs');
    kill('SIGINT');
    expect(await ended).toMatchObject({ status: 1, lines: ['started', 'hangs'] });
  });
});

describe('work', () => {
  test('is told by its signal, and waited for before what it stands on goes', async () => {
    const { heard, kill, ended } = runElsewhere(`
      parts.started('below', () => say('below stopped'));
      parts.run('work', async (signal) => {
        say('at work');
        await new Promise((settle) => signal.addEventListener('abort', settle));
        say('told');
        await sleep(200);
        say('done');
      });
    `);
    await heard('at work');
    kill('SIGTERM');
    expect(await ended).toMatchObject({ status: 0, lines: ['at work', 'told', 'done', 'below stopped'] });
  });

  test.each([
    ['that ends by itself', 'await sleep(50);'],
    ['that fails', "throw new Error('broken');"],
  ])('%s stops the process, with status 1', async (_what, body) => {
    const { ended } = runElsewhere(`
      parts.started('below', () => say('below stopped'));
      parts.run('work', async () => {
        ${body}
      });
    `);
    expect(await ended).toMatchObject({ status: 1, lines: ['below stopped'] });
  });

  test('that is done again and again goes on after a failure, and its pause keeps no stop waiting', async () => {
    const { heard, kill, ended } = runElsewhere(`
      let tries = 0;
      parts.every('often', 10, async () => {
        tries += 1;
        if (tries <= 3) say('try ' + tries);
        if (tries === 1) throw new Error('away');
      });
      parts.every('rarely', 3_600_000, async () => say('rarely'));
    `);
    await heard('rarely');
    await heard('try 3');
    kill('SIGTERM');
    expect((await ended).status).toBe(0);
  });
});

test('a start that fails is explained, and what was started is stopped', async () => {
  const { ended } = runElsewhere(`
    parts.started('first', () => say('first stopped'));
    parts.started('second', () => say('second stopped'));
    throw new Error('the port is taken');
  `);
  expect(await ended).toEqual({
    status: 1,
    lines: ['second stopped', 'first stopped'],
    complained: '\nIt could not start: the port is taken\n\n',
  });
});

test.each([
  ['nobody catches', "setTimeout(() => { throw new Error('a bug'); }, 50);"],
  ['nobody waits for', "setTimeout(() => { Promise.reject(new Error('a bug')); }, 50);"],
])('a fault that %s stops the process, with status 1', async (_what, fault) => {
  const { ended } = runElsewhere(`
    parts.started('first', () => say('first stopped'));
    ${fault}
  `);
  expect(await ended).toMatchObject({ status: 1, lines: ['first stopped'] });
});
