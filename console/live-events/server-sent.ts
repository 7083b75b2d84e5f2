import { type EndReason, type Message, QUIET_MS } from './listener.ts';
import { textOf } from './position.ts';

/** Messages in the words of text/event-stream. */

/** How long a browser waits before it comes again. */
const RETRY_MS = 2_000;

export const WHY: Readonly<Record<Exclude<EndReason, 'gone'>, string>> = {
  'too-slow': 'What was told was not taken. Come again with the last id.',
  'signed-out': 'What let you in is good no more, or you are somebody else by now. Sign in again.',
  'token-over': 'The time of the token is over. Come again with a new one, and the last id.',
  closing: 'This server stops. Come again with the last id.',
};

export const firstWords = `retry: ${RETRY_MS}\n: at least each ${QUIET_MS / 1_000} s\n\n`;

export function words(message: Message): string {
  const id = `id: ${textOf(message.at)}\n`;
  // Without data it is no event; the id is kept all the same.
  if (message.kind === 'position') return `:\n${id}\n`;
  if (message.kind === 'event') return `${id}event: ${message.event.type}\ndata: ${message.event.json}\n\n`;
  const data = { code: 'reset', detail: 'What came before this is not known here any more. List, then go on.' };
  return `${id}event: reset\ndata: ${JSON.stringify(data)}\n\n`;
}

export function lastWords(reason: Exclude<EndReason, 'gone'>): string {
  return `event: end\ndata: ${JSON.stringify({ code: reason, detail: WHY[reason] })}\n\n`;
}
