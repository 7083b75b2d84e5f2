import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { basicAuthorization } from '../simulate/basic-authorization.ts';
import { below } from '../simulate/below.ts';
import { Refused } from '../simulate/count.ts';
import type { Spoilt } from './fill.ts';
import type { Target } from './target.ts';

/**
 * Mends what is dead and sends it again, as docs/dead-letters.md tells operators to: other pictures are put where the
 * broken ones lay, and all of a code redriven at once; of records, each gets the bytes that it should have had.
 */
export async function mendAndRedrive(
  target: Pick<Target, 'blobs' | 'url' | 'password' | 'died'>,
  spoilt: readonly Spoilt[],
  { picture, say }: { readonly picture: Buffer; readonly say: (line: string) => void },
): Promise<void> {
  const { blobs } = target;
  const ask = createAsk(target);
  const atOnce = pLimit(AT_ONCE);
  const pictures = spoilt.filter(({ damage }) => damage.of === 'picture');
  const mended = pictures.map(({ blobKey }) =>
    atOnce(async () => {
      // What is stored is never changed.
      await blobs.delete(blobKey);
      await blobs.put(blobKey, picture);
    }),
  );
  await Promise.all(mended);
  for (const code of new Set(pictures.map(({ damage }) => damage.damage.code))) {
    const { id } = await ask<{ id: string }>(`dead-letters/redrive?code=${code}`, { accept_changed: true });
    for (;;) {
      const { state, total, done, failed, error } = await Promise.race([
        ask<Action>(`dead-letters/actions/${id}`),
        target.died,
      ]);
      say(`${done} of ${total} with ${code} redriven`);
      if (failed > 0) throw new Error(`${failed} with ${code} could not be redriven: ${error}`);
      if (state === 'done') break;
      await sleep(LOOK_EVERY_MS);
    }
  }

  const values = new Map(spoilt.map((one) => [placeOf(one), one.whole.toString('base64')]));
  for (let done = 0; ; ) {
    const { letters } = await ask<Page>(`dead-letters?state=open&page_size=${PAGE}`);
    if (letters.length === 0) return;
    const redriven = letters.map((letter) =>
      atOnce(async () => {
        const value = values.get(placeOf(letter));
        if (value === undefined) throw new Error(`nobody has spoilt the record at ${placeOf(letter)}`);
        await ask(`dead-letters/${letter.id}/redrive`, { value });
      }),
    );
    await Promise.race([Promise.all(redriven), target.died]);
    done += letters.length;
    say(`${done} mended records redriven`);
  }
}

const AT_ONCE = 4;
const PAGE = 500;
const LOOK_EVERY_MS = 1_000;
const ANSWERED_WITHIN_MS = 30_000;

interface Action {
  readonly state: 'running' | 'done';
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly error: string | null;
}

interface Placed {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number | bigint;
}

interface Page {
  readonly letters: readonly (Placed & { readonly id: string })[];
}

const placeOf = ({ topic, partition, offset }: Placed) => `${topic}/${partition}/${offset}`;

/** Asks the console as its administrator; with a body it is a POST. Rejects with `Refused`. */
function createAsk({ url, password }: Pick<Target, 'url' | 'password'>) {
  const authorization = basicAuthorization({ password });
  return async <Answer>(path: string, body?: object): Promise<Answer> => {
    const answer = await fetch(below(url, `api/v1/${path}`), {
      headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Refused(answer.status, `${path}: ${text}`);
    return JSON.parse(text) as Answer;
  };
}
