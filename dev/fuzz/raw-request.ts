import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  /** Of each answer that came on the connection. Empty where it was hung up on. */
  readonly statuses: readonly number[];
  /** What the last one said, for a person. */
  readonly text: string;
}

const STATUS_LINE = /HTTP\/1\.1 (\d{3})/g;
const KEPT_CHARS = 2_000;
const PATIENCE_MS = 250;

/**
 * Writes bytes as they are to a socket of their own, and reads until the other side ends. Where that waits for more, it is
 * told after a while that there is none, and a while later hung up on.
 */
export function rawRequest(port: number, bytes: Buffer, waitMs: number): Promise<RawAnswer> {
  return new Promise((settle) => {
    let text = '';
    const statuses: number[] = [];
    const socket: Socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.write(bytes);
    });
    const timers = [setTimeout(() => socket.end(), PATIENCE_MS), setTimeout(() => socket.destroy(), waitMs)];
    socket.on('data', (chunk: Buffer) => {
      const heard = chunk.toString('latin1');
      for (const [, status] of heard.matchAll(STATUS_LINE)) statuses.push(Number(status));
      text = (text + heard).slice(-KEPT_CHARS);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const timer of timers) clearTimeout(timer);
      settle({ statuses, text });
    });
  });
}
