import type { Applied } from './apply.ts';

/** What erasing again came to, a line for each erasure, for whoever restores. */
export function describeApplied(applied: readonly Applied[]): string {
  const unknown = applied.filter(({ wasKnown }) => !wasKnown).length;
  const sum = `${counted(applied.length, 'erasure')} carried out${unknown > 0 ? `, ${unknown} of which the database did not know` : ''}.`;
  return [...applied.map(describe), sum].join('\n');
}

function describe({ erasure, gone }: Applied): string {
  const { requested_at, username } = erasure;
  const went = Object.entries(gone).map(([name, count]) => `${count} ${name.replaceAll('_', ' ')}`);
  return `${subjectOf(erasure)}, asked for by ${username} at ${requested_at.toISOString()}: ${went.join(', ') || 'nothing of it was there'}`;
}

function subjectOf({ kind, devices, person_id, from_at, to_at }: Applied['erasure']): string {
  const of = devices.join(', ');
  if (kind === 'person') return `person ${person_id} of ${of}`;
  if (kind === 'range') return `${of} from ${from_at?.toISOString()} to ${to_at?.toISOString()}`;
  return `device ${of}`;
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
