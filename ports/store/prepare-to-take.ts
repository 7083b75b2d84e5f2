import { statement } from './statement.ts';

/** First in a transaction that takes rows which may lie in chunks, found before, by what they are and when they were. */
export const prepareToTake = statement(import.meta.url, './sql/prepare-to-take.sql');
