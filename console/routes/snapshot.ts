import { Type } from 'typebox';
import { userOf } from '../../http/access/require-user.ts';
import { oneOf } from '../../http/answer-types.ts';
import { Problem } from '../../http/problem.ts';
import type { Server } from '../../http/server.ts';
import { type Blobs, isKey } from '../../ports/blobs/blobs.ts';
import type { Store } from '../../ports/store/store.ts';
import { findEvent } from '../find-event.ts';
import { FORMATS, makeVariant, nameOf } from '../picture-variants.ts';
import { digestOf, pictureAnswers, sendPicture } from '../send-picture.ts';
import { eventParams as params } from './event-answer.ts';

const THUMBNAIL_WIDTH = 320;

const querystring = Type.Object({
  format: Type.Optional(oneOf(FORMATS, 'As it was drawn, or in a fraction of the bytes.')),
  width: Type.Optional(
    Type.Integer({ minimum: 16, maximum: 1_920, description: 'No wider than that; it is never made larger.' }),
  ),
  thumbnail: Type.Optional(
    Type.Boolean({ description: `The same as a width of ${THUMBNAIL_WIDTH}, if none is said.` }),
  ),
  inline: Type.Optional(Type.Boolean({ description: 'To be shown by a browser, and not saved.' })),
});

/** `GET /api/events/:number/snapshot`: the picture drawn of an event, for as long as there is one. */
export function registerSnapshot(
  app: Server,
  { store, blobs }: { readonly store: Store; readonly blobs: Blobs },
): void {
  const schema = {
    tags: ['events'],
    summary: 'The picture of an event',
    params,
    querystring,
    response: pictureAnswers(['image/png', 'image/webp'], 'What is told of is drawn into it, and when it was.'),
  };
  app.get('/api/events/:number/snapshot', { schema }, async (request, reply) => {
    const { number } = request.params;
    const { format = 'png', thumbnail = false, inline = false } = request.query;
    const width = request.query.width ?? (thumbnail ? THUMBNAIL_WIDTH : null);
    const { snapshot_path: key } = await findEvent(store, { number, fleetId: userOf(request).fleetId });
    const png = key !== null && isKey(key) ? await blobs.get(key) : null;
    if (!png) {
      const detail = 'It has none yet, gets none, or its time is over.';
      throw new Problem({ status: 404, code: 'no-such-snapshot', title: 'No such snapshot', detail });
    }
    const isAsDrawn = format === 'png' && width === null;
    const filename = `event_${number}_snapshot.${format}`;
    reply.header('content-disposition', `${inline ? 'inline' : 'attachment'}; filename="${filename}"`);
    return sendPicture(request, reply, {
      mediaType: `image/${format}`,
      tag: isAsDrawn ? digestOf(png) : `${digestOf(png)}.${nameOf({ format, width })}`,
      picture: () => (isAsDrawn ? png : makeVariant(png, { format, width })),
    });
  });
}
