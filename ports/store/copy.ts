import { Readable, Writable } from 'node:stream';
import type pg from 'pg';

/**
 * COPY, in PostgreSQL's own text format, as streams. The driver speaks its messages and has no call for it: this is the
 * interface by which it lets others put queries of their own into its queue.
 */
export interface Copy<Stream> {
  readonly stream: Stream;
  /** How many the server says there were, once the stream is over. */
  rows(): number;
}

interface CopyConnection extends pg.Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(why: string): void;
}

interface Message {
  readonly chunk: Buffer;
  readonly text: string;
}

/** The server sends a message for each row; as many are read at once as fit into one of these. */
const BLOCK_BYTES = 64 * 1024;

/** `copy … to stdout`. Whoever breaks it off loses the connection, since the server would go on sending. */
export function copyOut(client: pg.Client, text: string): Copy<Readable> {
  let connection: CopyConnection | null = null;
  let rows = 0;
  let over = false;
  let block = Buffer.allocUnsafe(BLOCK_BYTES);
  let filled = 0;

  const stream = new Readable({
    read: () => connection?.stream.resume(),
    destroy(error, done) {
      if (!over) connection?.stream.destroy();
      done(error);
    },
  });
  const give = (bytes: Buffer) => {
    if (bytes.length > 0 && !stream.push(bytes) && !over) connection?.stream.pause();
  };
  const flush = () => {
    give(block.subarray(0, filled));
    block = Buffer.allocUnsafe(BLOCK_BYTES);
    filled = 0;
  };

  client.query({
    submit(to: pg.Connection) {
      connection = to as CopyConnection;
      connection.query(text);
    },
    // The driver uses the memory of a message again.
    handleCopyData({ chunk }: Message) {
      if (filled + chunk.length > BLOCK_BYTES) flush();
      if (chunk.length > BLOCK_BYTES) give(Buffer.from(chunk));
      else filled += chunk.copy(block, filled);
    },
    handleCommandComplete({ text: tag }: Message) {
      rows = rowsOf(tag);
    },
    handleReadyForQuery() {
      over = true;
      connection?.stream.resume();
      flush();
      stream.push(null);
    },
    handleError(error: Error) {
      over = true;
      stream.destroy(error);
    },
  });
  return { stream, rows: () => rows };
}

/** `copy … from stdin`. Broken off, none of it is there, and the connection can be used on. */
export function copyIn(client: pg.Client, text: string): Copy<Writable> {
  let connection: CopyConnection | null = null;
  let rows = 0;
  let over = false;
  let ended: (error?: Error | null) => void = () => undefined;
  let ready: () => void = () => undefined;
  const asked = new Promise<void>((settle) => {
    ready = settle;
  });

  const stream = new Writable({
    // The server says when it wants to have it.
    construct(done) {
      void asked.then(() => done());
    },
    write(chunk: Buffer, _, done) {
      connection?.sendCopyFromChunk(chunk);
      if (connection?.stream.writableNeedDrain) connection.stream.once('drain', () => done());
      else done();
    },
    final(done) {
      ended = done;
      connection?.endCopyFrom();
    },
    destroy(error, done) {
      if (!over) connection?.sendCopyFail(error?.message ?? 'broken off');
      done(error);
    },
  });

  client.query({
    submit(to: pg.Connection) {
      connection = to as CopyConnection;
      connection.query(text);
    },
    handleCopyInResponse() {
      ready();
    },
    handleCommandComplete({ text: tag }: Message) {
      rows = rowsOf(tag);
    },
    handleReadyForQuery() {
      over = true;
      ended();
    },
    handleError(error: Error) {
      over = true;
      stream.destroy(error);
      ready();
    },
  });
  return { stream, rows: () => rows };
}

/** Of the server's word for what it did: `COPY 17`. */
function rowsOf(tag: string): number {
  return Number(/^COPY (\d+)$/.exec(tag)?.[1] ?? 0);
}
