/** Numbers, times and what the service says, as words for people: in their language's digits and their own time zone. */

const time = { hour: '2-digit', minute: '2-digit', second: '2-digit' };
const timeOnly = new Intl.DateTimeFormat(undefined, time);
const dayAndTime = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', ...time });
const seconds = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** With the day, unless it is today. */
export function clock(iso) {
  const at = new Date(iso);
  return (at.toDateString() === new Date().toDateString() ? timeOnly : dayAndTime).format(at);
}

function duration(ms) {
  const s = Math.max(0, ms / 1_000);
  if (s < 10) return `${seconds.format(s)} s`;
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`;
  return coarse(ms);
}

/** For what grows while it is read, and so is not to fidget. */
export function coarse(ms) {
  const s = Math.max(0, ms / 1_000);
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min`;
  if (s < 172_800) return `${Math.floor(s / 3_600)} h`;
  return `${Math.floor(s / 86_400)} days`;
}

export const ago = (ms) => (ms < 1_500 ? 'just now' : `${coarse(ms)} ago`);
export const count = (number) => number.toLocaleString();
export const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? '' : 's'}`;

/** Frames that are on their way are no lag. */
const LAG_FROM_SECONDS = 1;
const LAG_WORRIES_FROM_SECONDS = 10;
const WAITING = { frames: 'frame', backlog: 'late frame', events: 'event', observations: 'observation' };

/** Of the reader that is furthest behind. */
export function lagOf(readers) {
  const [behind] = [...readers].sort((a, b) => b.seconds - a.seconds || b.records - a.records);
  if (!behind) return { figure: '–', note: 'not measured yet', worrying: false };
  if (behind.records === 0 || behind.seconds < LAG_FROM_SECONDS) {
    return { figure: 'None', note: 'up to date', worrying: false };
  }
  const age = duration(behind.seconds * 1_000);
  const waiting = plural(behind.records, WAITING[behind.topic] ?? 'record');
  const note = behind.records === 1 ? `${waiting} waits` : `${waiting} wait, the oldest this long`;
  return { figure: age, note, worrying: behind.seconds >= LAG_WORRIES_FROM_SECONDS };
}

const LASTING = new Set(['motion', 'visit', 'crowd', 'zone_entered']);

/** The API's event times are UTC, though they do not say so. */
export const utc = (timestamp) => `${timestamp}Z`;

export function eventWords({ event_type, event_data, timestamp, ended_at, lane }) {
  const peak = event_data?.peak_score;
  const moved = typeof peak === 'number' ? `${Math.max(1, Math.round(peak * 100))} % of the picture` : '';
  const { zone_name, zone_id, line_name, line_id, direction, people } = event_data ?? {};
  const place = zone_name || zone_id || line_name || line_id;
  const crowd = typeof people === 'number' ? `${count(people)} people` : '';
  const goesOn = ended_at === null && LASTING.has(event_type);
  const lasted = ended_at === null ? '' : duration(Date.parse(utc(ended_at)) - Date.parse(utc(timestamp)));
  return {
    what: (event_type.charAt(0).toUpperCase() + event_type.slice(1)).replaceAll('_', ' '),
    detail: [moved, crowd, place, direction, lane === 'backlog' ? 'sent late' : ''].filter(Boolean).join(', '),
    lasted: goesOn ? 'going on' : lasted,
    goesOn,
  };
}
