/**
 * Lists documents that are broken on purpose: at least one in each collection of the code. A collection is found by the name that the code
 * gives it, so that a new one without a document here fails a test.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** A document as it stands in the database: its shelf, its key, its text. */
export type Row = readonly [collection: string, key: string, text: string];

export const good = 'urn:ngsi-ld:Subscription:good';
const whole = {
  queryContext: 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld',
  createdAt: '2026-01-01T00:00:00Z',
  modifiedAt: '2026-01-01T00:00:00Z',
  since: 0,
};
const stored = (id: string, members: object): Row => [
  'subscriptions',
  id,
  JSON.stringify({ ...whole, id, context: whole.queryContext, members }),
];
/** Subscriptions that are none, and such as no broker takes. */
export const unreadable: readonly Row[] = [
  ['subscriptions', 'urn:s:cut', '{"id":"urn:s:cut","mem'],
  ['subscriptions', 'urn:s:null', 'null'],
  ['subscriptions', 'urn:s:part', '{"id":"urn:s:part","members":{}}'],
  ['subscriptions', 'urn:s:list', '[]'],
];
export const impossible: readonly Row[] = [
  stored('urn:s:q', {
    type: 'Subscription',
    entities: [{ type: 'A' }],
    q: '((',
    notification: { endpoint: { uri: 'http://127.0.0.1:1/' } },
  }),
  stored('urn:s:shape', {
    type: 5,
    entities: 7,
    geoQ: [],
    q: 5,
    expiresAt: 'soon',
    notification: 'none',
    watchedAttributes: {},
  }),
  stored('urn:s:context', { type: 'Subscription', entities: [{ type: 'A' }], jsonldContext: 5, notification: {} }),
  stored('urn:s:empty', {}),
];
export const contexts: readonly Row[] = [
  ['contexts', 'urn:ngsi-ld:Context:cut', '{"kind":'],
  ['contexts', 'urn:ngsi-ld:Context:part', '{"kind":"Hosted"}'],
  ['contexts', 'http://127.0.0.1:1/cached.jsonld', '5'],
];
const letters = `deadLetters ${good}`;
export const others: readonly Row[] = [
  [letters, '0000000000000001', '{'],
  [letters, '0000000000000002', '{"position":2}'],
  ['deliveries', good, '{"position":"far","account":[]'],
  ['deliveries', 'log', '{'],
  ['acknowledged', good, '"much"'],
  ['stream', 'epoch', '{'],
];

/** Whole documents but for one member. */
const times = { createdAt: '2026-01-01T00:00:00Z', modifiedAt: '2026-01-01T00:00:00Z', expiresAt: 'soon' };
const v2Id = (n: number): string => String(n).padStart(24, '0');
const v2Subscription = (n: number, changes: object): Row => {
  const members = {
    subject: { entities: [{ idPattern: '.*', type: 'A' }] },
    notification: { http: { url: 'http://127.0.0.1:1/' } },
  };
  const document = {
    ...whole,
    id: v2Id(n),
    context: whole.queryContext,
    members,
    v2: { servicePath: '/' },
    ...changes,
  };
  return ['subscriptions', v2Id(n), JSON.stringify(document)];
};
const v2Registration = 'urn:ngsi-ld:ContextSourceRegistration:000000000000000000000001';
const registration = { id: 'urn:r:time', members: {}, createdAt: 'soon', modifiedAt: whole.modifiedAt };
const copied = { ...whole, id: good, context: whole.queryContext, members: 5 };
const grant = {
  id: 'urn:g:q',
  version: 1,
  ...whole,
  createdBy: 'nobody',
  modifiedBy: 'nobody',
  modifiedAt: whole.createdAt,
};
const key = { name: 'broken', roles: 5, createdAt: whole.createdAt, secrets: [] };
const snapshot = {
  id: 'urn:snap:time',
  store: 'snapshot none',
  ...times,
  aliveAt: whole.createdAt,
  members: {},
  status: 'success',
  details: [],
  temporalDetails: [],
};
const approval = { approvedAt: whole.createdAt, definition: {} };
const series = { id: 'urn:a:1', attribute: 'n', types: ['A'], blocks: -1, ended: 5, means: '=' };

/** Of each kind that is no subscription, no @context and no dead letter: one that is no JSON, and one that is nearly whole. */
const nearlyWhole: Readonly<Record<string, readonly (readonly [key: string, document: unknown])[]>> = {
  registrations: [
    ['urn:r:time', registration],
    [v2Registration, { ...registration, id: v2Registration, createdAt: whole.createdAt, members: { information: 5 } }],
  ],
  'registrations/subscriptions': [
    ['urn:s:registrations', { ...whole, createdAt: 'soon', id: 'urn:s:registrations', context: '', members: {} }],
  ],
  'registrations/changes': [['0000000000000001', { id: 'urn:r:1', at: 'soon' }]],
  'registrations/deliveries': [['log', { position: -1 }]],
  'registrations/stream': [['epoch', 5]],
  'registrations/subscriptionPlaces': [['somebody', { place: 'soon' }]],
  'sources/subscriptions': [[good, copied]],
  'sources/changes': [['0000000000000001', { onlyFor: good, at: whole.createdAt, entity: { id: 5 } }]],
  'sources/copies': [
    ['urn:ngsi-ld:Subscription:copy', { id: 'urn:ngsi-ld:Subscription:copy', subscription: good, registration: 5 }],
  ],
  'sources/deliveries': [['log', { position: 0.5 }]],
  subscriptionPlaces: [['somebody', []]],
  subscribedSnapshots: [['snapshot none', { tenant: '', snapshot: 5 }]],
  snapshots: [['urn:snap:time', snapshot]],
  entityMaps: [['urn:ngsi-ld:EntityMap:1', { id: 'urn:ngsi-ld:EntityMap:1', ...times }]],
  entityMapContents: [['urn:ngsi-ld:EntityMap:1', { entities: [[5]], linked: 5 }]],
  grants: [['urn:g:q', { ...grant, content: { to: 'public', operations: ['read'], q: '((' } }]],
  accessKeys: [['broken', key]],
  accessKeyUses: [['broken', { lastUsedAt: 'soon' }]],
  'aggregate-approvals': [['urn:ngsi-ld:AggregateJob:1', { ...approval, releasedTo: 1e300 }]],
  'aggregate-release-histories': [['level', { history: { salt: 5 } }]],
  'aggregate-subjects': [['level a', { a: 5 }]],
  'aggregate-releases': [['level 1 2 urn:ngsi-ld:AggregateJob:1', { release: 5 }]],
  'result-claims': [['urn:ngsi-ld:AggregateObserved:1:', { tenant: 5 }]],
  'aggregate-reports': [['urn:ngsi-ld:AggregateJob:1 2026-01-01T00:00:00Z', { totals: 5 }]],
  'indicator-approvals': [['urn:ngsi-ld:Indicator:1', { ...approval, approvedAt: 'soon' }]],
  watchedSeries: [['urn:a:1 n', series]],
  watch: [['position', { position: -1 }]],
  'watch-mail': [['last', { day: 5 }]],
  health: [['broken', {}]],
};

export const ofOtherKinds: readonly Row[] = [
  v2Subscription(1, { createdAt: 'soon' }),
  v2Subscription(2, { v2: 5 }),
  v2Subscription(3, { members: { subject: 5, notification: { http: {} } } }),
  ...Object.entries(nearlyWhole).flatMap(([collection, documents]) => [
    ...documents.map(([id, document]): Row => [collection, id, JSON.stringify(document)]),
    [collection, 'urn:cut', '{"cut":'] as const,
  ]),
];

/** The collections that the code names: constants, and what is approved. Dead letters are in one for each subscription. */
export function collectionsInCode(): readonly string[] {
  const source = new URL('../../src/', import.meta.url).pathname;
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('store/'),
  );
  const named = /(?:\w(?:Collection|Heads|Contents) = |createApprovals\(|store\.collection\(|\bcollection: )'([^']+)'/g;
  const text = files.map((file) => readFileSync(source + file, 'utf8')).join('\n');
  return [...new Set([...text.matchAll(named)].map(([, name = '']) => name))];
}
