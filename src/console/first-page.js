// The first page: what is in the broker, and what changes in it right now. It talks to the public API only.

const api = '/ngsi-ld/v1';
const element = (id) => document.getElementById(id);
const tenant = new URLSearchParams(location.search).get('tenant') ?? '';
const headers = tenant ? { 'NGSILD-Tenant': tenant } : {};

const liveMost = 60;
const namesMost = 10;
const secondsShown = 120;
const perSecond = new Array(secondsShown).fill(0);
let isPaused = false;
let lastChange;

/** Shortens an IRI or URN to the part a person reads. */
const short = (name) => name.replace(/^.*[/#]/, '');
const shortId = (id) => id.replace(/^urn:ngsi-ld:/, '');

async function get(path) {
  const response = await fetch(path, { headers });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

function cell(text, className) {
  const td = document.createElement('td');
  td.textContent = text;
  if (className) td.className = className;
  return td;
}

async function showSummary() {
  const types = await get(`${api}/types?details=true`).catch(() => []);
  const counted = await Promise.all(
    types.map(async (type) => ({ ...type, ...(await get(`${api}/types/${encodeURIComponent(type.id)}`)) })),
  );
  counted.sort((a, b) => b.entityCount - a.entityCount);
  const rows = counted.map((type) => {
    const row = document.createElement('tr');
    const name = document.createElement('td');
    const link = document.createElement('a');
    link.href = `${api}/entities?type=${encodeURIComponent(type.id)}&format=simplified`;
    link.textContent = short(type.typeName);
    link.title = type.id;
    name.append(link);
    const attributes = document.createElement('small');
    const names = type.attributeNames.map(short);
    attributes.textContent = names.length > namesMost ? `${names.slice(0, namesMost).join(', ')}, …` : names.join(', ');
    attributes.title = names.join(', ');
    const last = document.createElement('td');
    last.append(attributes);
    row.append(name, cell(type.entityCount.toLocaleString(), 'number'), last);
    return row;
  });
  element('summary').replaceChildren(...rows);
  element('types').textContent = String(counted.length);
  element('entities').textContent = counted.reduce((sum, { entityCount }) => sum + entityCount, 0).toLocaleString();
  element('empty').hidden = counted.length > 0;
}

/** One attribute as a person reads it. */
function reading(name, attribute) {
  const instance = Array.isArray(attribute) ? attribute[0] : attribute;
  const value = instance?.value ?? instance?.object ?? instance?.languageMap ?? instance?.vocab ?? instance?.json;
  const text = typeof value === 'object' && value !== null ? (value.type ?? '…') : String(value);
  return `${short(name)} ${text.slice(0, 40)}${instance?.unitCode ? ` ${instance.unitCode}` : ''}`;
}

/** What was measured tells more of a change than what describes the thing. */
const isMeasured = (attribute) => [attribute].flat().some((instance) => instance?.observedAt !== undefined);

function showChange(entity, at) {
  const { id, type, ...attributes } = entity;
  const item = document.createElement('li');
  const time = document.createElement('time');
  time.textContent = at.toLocaleTimeString([], { hour12: false });
  const what = document.createElement('span');
  const kind = document.createElement('b');
  kind.textContent = [type].flat().map(short).join(', ');
  what.append(kind, ` ${shortId(id)}`);
  const detail = document.createElement('small');
  const readings = Object.entries(attributes)
    .filter(([name, value]) => name !== '@context' && typeof value === 'object' && short(name) !== 'location')
    .sort(([, a], [, b]) => Number(isMeasured(b)) - Number(isMeasured(a)));
  detail.textContent = entity.deletedAt
    ? 'deleted'
    : readings
        .slice(0, 4)
        .map(([name, value]) => reading(name, value))
        .join(' · ');
  item.append(time, what, detail);
  const list = element('live');
  list.prepend(item);
  while (list.children.length > liveMost) list.lastChild.remove();
  element('quiet').hidden = true;
}

function received(notification) {
  const at = new Date(notification.notifiedAt);
  lastChange = at;
  for (const entity of notification.data) {
    perSecond[secondsShown - 1] += 1;
    if (!isPaused) showChange(entity, at);
  }
}

function tick() {
  const peak = Math.max(1, ...perSecond);
  const points = perSecond.map(
    (count, second) => `L${(second * 120) / (secondsShown - 1)},${39 - (count / peak) * 36}`,
  );
  element('pulse').firstElementChild.setAttribute('d', `M0,40${points.join('')}L120,40Z`);
  const recent = perSecond.slice(-6, -1);
  element('rate').textContent = (recent.reduce((sum, count) => sum + count, 0) / recent.length).toFixed(1);
  if (lastChange) element('last').textContent = ago(Date.now() - lastChange.getTime());
  perSecond.shift();
  perSecond.push(0);
}

function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 2) return 'now';
  if (seconds < 120) return `${seconds} s ago`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}

function setLink(isLive, text) {
  element('link').toggleAttribute('data-live', isLive);
  element('link').lastElementChild.textContent = text;
}

/** Listens to every change; comes back by itself, from the position it last saw. */
function listen(position, retryMs = 500) {
  const query = tenant ? `?tenant=${encodeURIComponent(tenant)}` : '';
  const socket = new WebSocket(
    `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${api}/stream${query}`,
    'ngsi-ld-ws.v1',
  );
  let seen = position;
  socket.onopen = () => {
    retryMs = 500;
    const subscription = {
      type: 'Subscription',
      entities: [{ type: '*' }],
      notificationTrigger: ['entityCreated', 'entityUpdated', 'entityDeleted'],
      notification: {},
    };
    socket.send(
      JSON.stringify({
        op: 'subscribe',
        id: 'all',
        subscription,
        overflow: 'latest',
        ...(seen ? { after: seen } : { tail: 20 }),
      }),
    );
  };
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.position) seen = frame.position;
    if (frame.op === 'subscribed') setLink(true, 'live');
    if (frame.op === 'notification') received(frame.notification);
    if (frame.op === 'gap') seen = frame.position;
    if (frame.op === 'error') setLink(false, frame.problem.detail);
  };
  socket.onclose = () => {
    setLink(false, 'reconnecting');
    setTimeout(() => listen(seen, Math.min(retryMs * 2, 10_000)), retryMs);
  };
}

element('tenant').value = tenant;
element('choice').onsubmit = (event) => {
  event.preventDefault();
  const chosen = element('tenant').value.trim();
  location.search = chosen ? `?tenant=${encodeURIComponent(chosen)}` : '';
};
element('pause').onclick = ({ currentTarget }) => {
  isPaused = !isPaused;
  currentTarget.setAttribute('aria-pressed', String(isPaused));
  currentTarget.textContent = isPaused ? 'Go on' : 'Pause';
};
for (const place of document.querySelectorAll('.origin')) place.textContent = location.origin;
element('curl').textContent = `curl ${location.origin}${api}/entities -H 'Content-Type: application/json' \\
  -d '{"id": "urn:ngsi-ld:Streetlight:1", "type": "Streetlight", "powerState": "on"}'`;

get('/version').then(
  ({ version }) => (element('version').textContent = version),
  () => {},
);
showSummary();
setInterval(showSummary, 3000);
setInterval(tick, 1000);
listen();
