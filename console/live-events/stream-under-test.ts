import { Agent, get, type IncomingMessage } from 'node:http';
import { expect } from 'vitest';

/** What stands between two empty lines of a stream. */
export interface Block {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly retry?: string;
}

/** One who listens through a real connection. */
export interface StreamUnderTest {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly blocks: readonly Block[];
  /** The data of events, as they are read. */
  events(): readonly Readonly<Record<string, unknown>>[];
  /** How many there are, which is known without reading them. */
  count(): number;
  lastId(): string | undefined;
  isOver(): boolean;
  /** The code of the last words. */
  endedBy(): unknown;
  /** Takes nothing any more. */
  stall(): void;
  leave(): void;
}

export async function openStream(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<StreamUnderTest> {
  const agent = new Agent();
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers, agent }, resolve).on('error', reject);
  });
  let text = '';
  let isOver = false;
  const blocks: Block[] = [];
  answer.setEncoding('utf8');
  answer.on('data', (chunk: string) => {
    const parts = (text + chunk).split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) blocks.push(blockOf(part));
  });
  answer.on('error', () => undefined);
  answer.on('close', () => {
    isOver = true;
  });
  const named = (...names: readonly string[]) => blocks.filter(({ event = '' }) => names.includes(event));
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    blocks,
    events: () =>
      blocks
        .filter((block) => block.data !== undefined && !named('reset', 'end').includes(block))
        .map(({ data }) => JSON.parse(data ?? '')),
    count: () => blocks.filter(({ event = 'end' }) => event !== 'reset' && event !== 'end').length,
    lastId: () => blocks.findLast(({ id }) => id !== undefined)?.id,
    isOver: () => isOver,
    endedBy: () => JSON.parse(named('end')[0]?.data ?? '{}').code,
    stall: () => void answer.pause(),
    leave: () => void answer.destroy(),
  };
}

function blockOf(text: string): Block {
  const fields = text.split('\n').map((line) => {
    const colon = line.indexOf(':');
    // What is none of these shows: data that has a line break in it would be torn apart.
    expect(line.slice(0, colon)).toMatch(/^(id|event|data|retry|)$/);
    return [line.slice(0, colon), line.slice(colon + 1).trimStart()] as const;
  });
  return Object.fromEntries(fields.filter(([name]) => name !== ''));
}
