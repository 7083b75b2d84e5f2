import { fileURLToPath } from 'node:url';

/** Real clips, pictures and models for tests and measurements, which are not ours to ship; not every machine has them. */
export const SHARED_DATA = process.env.SHARED_DATA ?? fileURLToPath(new URL('../../shared/data', import.meta.url));
