import type { WebSocket } from 'ws';
import type { EndReason, Message, Sink } from './listener.ts';
import { textOf } from './position.ts';
import { WHY } from './server-sent.ts';

/** What is kept for one who does not take it. */
const BUFFER_BYTES = 64 * 1024;
/** For them to say that they have heard. */
const LAST_WORDS_MS = 5_000;

/** 1001 is of the protocol; those from 4000 on are ours. */
const CODES: Readonly<Record<Exclude<EndReason, 'gone'>, number>> = {
  closing: 1001,
  'signed-out': 4001,
  'token-over': 4002,
  'too-slow': 4008,
};

/** Whoever listens by a WebSocket. `hasRoom` is called when more may be told. */
export function webSocketSink(socket: WebSocket, hasRoom: () => void): Sink {
  let isFull = false;
  const look = () => {
    if (!isFull || socket.bufferedAmount >= BUFFER_BYTES) return;
    isFull = false;
    hasRoom();
  };
  return {
    tell(message) {
      socket.send(words(message), look);
      isFull = socket.bufferedAmount >= BUFFER_BYTES;
      return !isFull;
    },
    end(reason) {
      socket.close(CODES[reason], WHY[reason]);
      setTimeout(() => socket.terminate(), LAST_WORDS_MS).unref();
    },
  };
}

function words(message: Message): string {
  const id = textOf(message.at);
  if (message.kind !== 'event') return JSON.stringify({ kind: message.kind, id });
  return `{"kind":"event","id":"${id}","event":${message.event.json}}`;
}
