/**
 * The first page: asks the service every two seconds how it is, and shows the answer. What the service says becomes
 * text, never HTML. How things are put is in words.js.
 */
import { ANSWER_MAX_MS, ask } from './ask.js';
import { ago, clock, coarse, count, eventWords, lagOf, plural, utc } from './words.js';

const POLL_MS = 2_000;
const RETRY_MAX_MS = 30_000;
const SILENT_AFTER_MS = 60_000;
/** What was answered says nothing of what came later than this: from then on, ages stand still. */
const STALE_AFTER_MS = 5_000;
const DEVICES_SHOWN_MAX = 200;

const $ = (id) => document.getElementById(id);
const part = (element, name) => element.querySelector(`[data-part="${name}"]`);

/** The last answer that was none of trouble, as ask.js gives it. */
let shown = null;
let failures = 0;
let nextTryMs = 0;
let timer = 0;
let asking = false;

async function poll() {
  clearTimeout(timer);
  if (asking || document.hidden) return;
  asking = true;
  const answer = await ask();
  asking = false;
  failures = answer.problem ? failures + 1 : 0;
  const waitMs = failures ? Math.min(RETRY_MAX_MS, POLL_MS * 2 ** (failures - 1)) : POLL_MS;
  nextTryMs = Date.now() + waitMs;
  timer = setTimeout(poll, waitMs);
  if (answer.problem) showOutage(answer.problem);
  else show(answer);
  tick();
}

function showOutage(problem) {
  if (document.body.dataset.state !== 'outage') announce(`${problem}.`);
  document.body.dataset.state = 'outage';
  document.title = '⚠ Passerby';
  write($('outage-what'), problem);
  $('outage').hidden = false;
}

function show(answer) {
  if (document.body.dataset.state === 'outage') {
    announce('The service answers again.');
    for (const box of document.querySelectorAll('[data-failed]')) delete box.dataset.frame;
  }
  const first = shown === null;
  shown = answer;
  document.body.dataset.state = 'live';
  document.title = 'Passerby';
  $('outage').hidden = true;

  const { status, events } = answer;
  const empty = status.devices.length === 0 && events.total === 0;
  $('welcome').hidden = !empty;
  $('figures').hidden = empty;
  $('content').hidden = empty;
  showFigures(status, events.total);
  showDevices(status.devices, first);
  showEvents(events, first);
}

function showFigures(status, eventsTotal) {
  const online = status.devices.filter(isOnline).length;
  write($('frames'), count(status.frames_per_minute));
  write($('frames-note'), `${count(online)} of ${plural(status.devices.length, 'device')} online`);
  write($('events-rate'), count(status.events_per_minute));
  write($('events-note'), `${count(eventsTotal)} in all`);
  const { figure, note, worrying } = lagOf(status.lag);
  write($('lag-figure'), figure);
  write($('lag-note'), note);
  $('lag').classList.toggle('warning', worrying);
  write($('dead-letters-figure'), count(status.dead_letters_open));
  $('dead-letters').hidden = !(status.dead_letters_open > 0);
}

function showDevices(devices, first) {
  const inOrder = devices.toSorted((a, b) => a.id.localeCompare(b.id, undefined, { numeric: true }));
  write($('devices-note'), devices.length < DEVICES_SHOWN_MAX ? '' : `the first ${DEVICES_SHOWN_MAX}`);
  keep($('devices'), { items: inOrder, keyOf: ({ id }) => id, template: $('device-card') }, (card, device, isNew) => {
    card.device = device;
    if (isNew && !first) announce(`New device: ${device.id}.`);
    write(part(card, 'id'), device.id);
    part(card, 'captured-line').hidden = !device.last_captured_at;
    if (device.last_captured_at) writeTime(part(card, 'captured'), device.last_captured_at);
    part(card, 'missing').hidden = !(device.missing > 0);
    write(part(card, 'missing'), `${plural(device.missing, 'frame')} missing`);
    if (isNew) sight.observe(card);
    showPicture(card);
  });
}

/** The old picture stays until the new one is ready to be painted; one out of sight can wait for its turn. */
async function showPicture(card) {
  const box = part(card, 'picture');
  const { id, last_frame_id: frame } = card.device;
  if (!frame || box.dataset.frame === frame || 'loading' in box.dataset || !card.inSight) return;
  const image = pictureOf(frame, `Newest picture of ${id}`);
  box.dataset.loading = '';
  try {
    await image.decode();
    const link = box.querySelector('a') ?? document.createElement('a');
    link.href = image.src;
    link.replaceChildren(image);
    if (!link.parentNode) box.replaceChildren(link);
    delete box.dataset.failed;
  } catch {
    box.dataset.failed = '';
  }
  box.dataset.frame = frame;
  delete box.dataset.loading;
}

const sight = new IntersectionObserver(
  (changes) => {
    for (const { target: card, isIntersecting } of changes) {
      card.inSight = isIntersecting;
      showPicture(card);
    }
  },
  { rootMargin: '200px' },
);

function showEvents({ events, total }, first) {
  $('events-table').hidden = events.length === 0;
  $('no-events').hidden = events.length > 0;
  write($('events-count'), total > events.length ? `${events.length} of ${count(total)}` : '');
  const rows = { items: events, keyOf: ({ event_id }) => event_id, template: $('event-row') };
  keep($('events'), rows, (row, event, isNew) => {
    const { what, detail, lasted, goesOn } = eventWords(event);
    if (isNew && !first) row.classList.add('fresh');
    row.classList.toggle('goes-on', goesOn);
    writeTime(part(row, 'when'), utc(event.timestamp));
    write(part(row, 'device'), event.camera_id);
    write(part(row, 'what'), what);
    write(part(row, 'detail'), detail);
    write(part(row, 'lasted'), lasted);
    if (isNew && event.frame_id) showThumbnail(part(row, 'picture'), event.frame_id, `${what} at ${event.camera_id}`);
  });
}

function showThumbnail(cell, frame, alt) {
  const image = pictureOf(frame, alt);
  const link = document.createElement('a');
  link.href = image.src;
  link.append(image);
  // Events are kept for longer than pictures.
  image.addEventListener('error', () => link.remove());
  cell.replaceChildren(link);
}

function pictureOf(frame, alt) {
  const image = new Image();
  image.alt = alt;
  image.src = `${location.origin}/api/captures/${encodeURIComponent(frame)}/image`;
  return image;
}

/** What changes with time alone. */
function tick() {
  const ageMs = shown ? Date.now() - shown.cameMs : 0;
  if (failures > 0) {
    const seconds = Math.ceil((nextTryMs - Date.now()) / 1_000);
    write($('outage-next'), asking || seconds < 1 ? 'Trying…' : `Next try in ${seconds} s`);
    write($('outage-since'), shown ? `What you see is ${coarse(ageMs)} old.` : 'There is nothing to show yet.');
    write($('state'), 'No answer');
  } else if (shown) {
    write($('state'), ageMs < ANSWER_MAX_MS ? 'Live' : 'Updating…');
  }
  if (!shown) return;
  writeTime($('as-of'), shown.status.now, `${failures > 0 ? 'since' : 'as of'} ${clock(shown.status.now)}`);
  for (const card of $('devices').children) {
    const { id, last_seen_at } = card.device;
    const presence = isOnline(card.device) ? 'online' : 'silent';
    if (card.dataset.presence && card.dataset.presence !== presence) announce(`${id} is ${presence}.`);
    card.dataset.presence = presence;
    write(part(card, 'presence'), presence);
    if (last_seen_at === null) write(part(card, 'seen'), 'never');
    else writeTime(part(card, 'seen'), last_seen_at, ago(serviceNowMs() - Date.parse(last_seen_at)));
  }
}

function serviceNowMs() {
  return shown.atMs + Math.min(Date.now() - shown.cameMs, STALE_AFTER_MS);
}

function isOnline({ last_seen_at }) {
  return last_seen_at !== null && serviceNowMs() - Date.parse(last_seen_at) < SILENT_AFTER_MS;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function writeTime(element, iso, text = clock(iso)) {
  if (element.title !== iso) element.title = element.dateTime = iso;
  write(element, text);
}

/** Read out by screen readers: for what changes, not for what counts on. */
function announce(text) {
  const line = document.createElement('p');
  line.textContent = text;
  $('announcements').append(line);
  if ($('announcements').children.length > 10) $('announcements').firstChild.remove();
}

/** Makes `list` show the items in their order. Elements that are there stay, and with them focus and pictures. */
function keep(list, { items, keyOf, template }, fill) {
  const wanted = new Set(items.map(keyOf));
  const there = new Map([...list.children].map((element) => [element.dataset.key, element]));
  for (const [key, element] of there) if (!wanted.has(key)) element.remove();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    const element = there.get(key) ?? template.content.firstElementChild.cloneNode(true);
    element.dataset.key = key;
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
    fill(element, item, !there.has(key));
  }
}

/** Over plain HTTP a browser lets no page near its clipboard; then the text is at least selected. */
async function copy(button) {
  const source = $(button.dataset.copy);
  getSelection().selectAllChildren(source);
  const refused = await navigator.clipboard?.writeText(source.textContent).catch((error) => error);
  write(button, navigator.clipboard && !refused ? 'Copied' : 'Selected');
  setTimeout(() => write(button, 'Copy'), 2_000);
}

for (const button of document.querySelectorAll('[data-copy]')) button.addEventListener('click', () => copy(button));
write($('pair'), `npm run pair -- camera-1 --url ${location.origin} --password …`);
write($('zone'), ` (${Intl.DateTimeFormat().resolvedOptions().timeZone})`);
$('retry').addEventListener('click', poll);
document.addEventListener('visibilitychange', poll);
addEventListener('online', poll);
setInterval(tick, 1_000);
poll();
