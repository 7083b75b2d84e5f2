import { readFileSync } from 'node:fs';
import type { Server } from '../../http/server.ts';

const FILES = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/app.js': { file: 'app.js', type: 'text/javascript; charset=utf-8' },
  '/ask.js': { file: 'ask.js', type: 'text/javascript; charset=utf-8' },
  '/words.js': { file: 'words.js', type: 'text/javascript; charset=utf-8' },
  '/style.css': { file: 'style.css', type: 'text/css; charset=utf-8' },
  '/icon.svg': { file: 'icon.svg', type: 'image/svg+xml' },
};

/** `/`: one page that lives. Its files are few and small, so they are read once and kept. */
export function registerPage(app: Server): void {
  for (const [path, { file, type }] of Object.entries(FILES)) {
    const bytes = readFileSync(new URL(`../web/${file}`, import.meta.url));
    app.get(path, async (_request, reply) => reply.type(type).header('cache-control', 'no-cache').send(bytes));
  }
}
