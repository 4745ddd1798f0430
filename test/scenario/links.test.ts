/** Tests features beyond one entity and one list: queries by POST, linked entities, order, purge, older versions. */
import { expect } from '@jest/globals';
import { problem, scenarios, type Step } from './scenario.ts';

const id = (name: string): string => `urn:ngsi-ld:${name}`;
const city = [
  {
    id: id('Lamp:1'),
    type: 'Lamp',
    power: 70,
    group: { object: id('Group:1') },
    site: { type: 'Point', coordinates: [14.35, 46.27] },
  },
  {
    id: id('Lamp:2'),
    type: 'Lamp',
    power: 35,
    group: { object: id('Group:2') },
    site: { type: 'Point', coordinates: [14.36, 46.24] },
  },
  {
    id: id('Lamp:3'),
    type: 'Lamp',
    power: 150,
    group: { object: id('Group:9') },
    site: { type: 'Point', coordinates: [14.5, 46.05] },
  },
  { id: id('Group:1'), type: 'Group', name: 'Mlaka', owner: { object: id('Owner:1') } },
  { id: id('Group:2'), type: 'Group', name: 'Čirče', owner: { object: id('Owner:1') } },
  { id: id('Owner:1'), type: 'Owner', name: 'Mestna občina Kranj' },
];
const load: Step = { does: 'upsertBatch', send: 'POST /entityOperations/upsert', body: city, answers: 201 };
const again: Step = { ...load, answers: 204 };
const post = (body: object, gives: unknown, query = ''): Step => ({
  does: 'queryByPost',
  send: `POST /entityOperations/query${query}`,
  body: { type: 'Query', ...body },
  answers: 200,
  gives,
});
const refuse = (body: object): Step => ({
  does: 'queryByPost',
  send: 'POST /entityOperations/query',
  body,
  answers: 400,
  has: problem('BadRequestData'),
});
const ids = (...names: readonly string[]) => names.map((name) => ({ id: id(name) }));
const finds = (query: string, ...names: readonly string[]): Step => ({
  does: 'queryEntities',
  send: `GET /entities?pick=id&${query}`,
  answers: 200,
  gives: ids(...names),
});

scenarios('what goes beyond', {
  'a query by POST means what the same by GET does': [
    load,
    post({ entities: [{ type: 'Lamp' }], q: 'power>50', pick: ['id'] }, ids('Lamp:1', 'Lamp:3')),
    post(
      { entities: [{ type: 'Lamp', id: [id('Lamp:2')] }, { type: 'Owner' }], pick: ['id'] },
      ids('Lamp:2', 'Owner:1'),
    ),
    post(
      {
        entities: [{ type: 'Lamp' }],
        geoQ: { georel: 'near;maxDistance==3000', geometry: 'Point', coordinates: [14.36, 46.24], geoproperty: 'site' },
        pick: ['id'],
      },
      ids('Lamp:2'),
    ),
    post(
      { entities: [{ type: 'Lamp' }], ordering: { orderBy: ['power;desc'] }, pick: ['id'] },
      ids('Lamp:3'),
      '?limit=1',
    ),
    refuse({ type: 'Question' }),
    refuse({ type: 'Query' }),
    refuse({ type: 'Query', entities: [] }),
    refuse({ type: 'Query', entities: [{ id: id('Lamp:1') }] }),
    refuse({ type: 'Query', entities: [{ type: 'Lamp', id: 'x y' }] }),
    refuse({ type: 'Query', entities: [{ type: 'Lamp' }], attrs: [] }),
    refuse({ type: 'Query', entities: [{ type: 'Lamp' }], temporalQ: {} }),
  ],
  'relationships are followed, inline and flat': [
    again,
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('Lamp:1')}?join=inline&joinLevel=2&format=simplified&omit=site`,
      answers: 200,
      gives: {
        id: id('Lamp:1'),
        type: 'Lamp',
        power: 70,
        group: {
          id: id('Group:1'),
          type: 'Group',
          name: 'Mlaka',
          owner: { id: id('Owner:1'), type: 'Owner', name: 'Mestna občina Kranj' },
        },
      },
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('Lamp:1')}?join=inline&pick=group{name}`,
      answers: 200,
      gives: {
        group: { type: 'Relationship', object: id('Group:1'), entity: { name: { type: 'Property', value: 'Mlaka' } } },
      },
    },
    {
      does: 'queryEntities',
      send: 'GET /entities?type=Lamp&join=flat&joinLevel=2&format=simplified&pick=id,group{id,owner{id}}',
      answers: 200,
      gives: [
        { id: id('Lamp:1'), group: id('Group:1') },
        { id: id('Lamp:2'), group: id('Group:2') },
        { id: id('Lamp:3'), group: id('Group:9') },
        { id: id('Group:1'), owner: id('Owner:1') },
        { id: id('Group:2'), owner: id('Owner:1') },
        { id: id('Owner:1') },
      ],
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('Lamp:3')}?join=flat&pick=id,group`,
      answers: 200,
      gives: { id: id('Lamp:3'), group: { type: 'Relationship', object: id('Group:9') } },
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('Lamp:1')}?join=inline&containedBy=${id('Group:1')}&pick=group`,
      answers: 200,
      gives: { group: { type: 'Relationship', object: id('Group:1') } },
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('Lamp:1')}?joinLevel=2`,
      answers: 400,
      has: problem('BadRequestData'),
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('Lamp:1')}?pick=group{name}`,
      answers: 400,
      has: problem('BadRequestData'),
    },
  ],
  'queries lead through relationships': [
    again,
    finds(`type=Lamp&join=inline&q=${encodeURIComponent('group{name=="Mlaka"}')}`, 'Lamp:1'),
    finds(
      `type=Lamp&join=inline&joinLevel=2&q=${encodeURIComponent('group{owner{name~="Kranj"}};power<50')}`,
      'Lamp:2',
    ),
    {
      does: 'queryEntities',
      send: `GET /entities?type=Lamp&q=${encodeURIComponent('group{name=="Mlaka"}')}`,
      answers: 400,
      has: problem('BadRequestData'),
    },
  ],
  'entities come in order': [
    again,
    finds('type=Lamp&orderBy=power', 'Lamp:2', 'Lamp:1', 'Lamp:3'),
    finds('type=Lamp&orderBy=power;desc&limit=1&offset=1', 'Lamp:1'),
    finds('type=Lamp&orderBy=site;dist-asc&orderFrom=[14.36,46.24]', 'Lamp:2', 'Lamp:1', 'Lamp:3'),
    finds('type=Group&orderBy=name', 'Group:2', 'Group:1'),
    finds('type=Group&orderBy=name&collation=sl', 'Group:2', 'Group:1'),
    {
      does: 'queryEntities',
      send: 'GET /entities?type=Lamp&orderBy=site;dist-asc',
      answers: 400,
      has: problem('BadRequestData'),
    },
    {
      does: 'queryEntities',
      send: 'GET /entities?type=Lamp&orderBy=power;up',
      answers: 400,
      has: problem('BadRequestData'),
    },
    {
      does: 'queryEntities',
      send: 'GET /entities?type=Lamp&orderBy=power&collation=not_a_tag!',
      answers: 400,
      has: problem('BadRequestData'),
    },
  ],
  'older versions of the standard get what they know': [
    {
      does: 'createEntity',
      send: 'POST /entities',
      body: { id: id('Boat:1'), type: 'Boat', class: { vocab: 'Lifeboat' }, speed: 5 },
      answers: 201,
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('Boat:1')}`,
      headers: { Prefer: 'ngsi-ld=1.5' },
      answers: 203,
      has: { class: { type: 'Property', value: 'Lifeboat' } },
      with: { 'Preference-Applied': 'ngsi-ld=1.5' },
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('Boat:1')}`,
      headers: { Prefer: 'respond-async, NGSI-LD="1.9"' },
      answers: 200,
      has: { class: { type: 'VocabProperty' } },
      with: { 'Preference-Applied': 'ngsi-ld=1.9' },
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('Boat:1')}`,
      headers: { Prefer: 'body=json', Accept: 'application/geo+json' },
      answers: 200,
      gives: {
        id: id('Boat:1'),
        type: 'Feature',
        geometry: null,
        properties: {
          type: 'Boat',
          class: { type: 'VocabProperty', vocab: 'Lifeboat' },
          speed: { type: 'Property', value: 5 },
        },
      },
      with: { Link: /json-ld#context/ },
    },
  ],
  'the broker says who it is': [
    {
      does: 'retrieveSourceIdentity',
      send: 'GET /info/sourceIdentity',
      answers: 200,
      has: {
        type: 'ContextSourceIdentity',
        contextSourceAlias: 'mlaka',
        contextSourceUptime: expect.stringMatching(/^PT\d+S$/),
      },
    },
    {
      does: 'retrieveSourceIdentity',
      send: 'GET /info/sourceIdentity',
      headers: { 'NGSILD-Tenant': 'nobody' },
      answers: 200,
      has: { contextSourceAlias: 'mlaka-nobody' },
    },
  ],
  'a purge takes what it finds, and no more': [
    again,
    { does: 'purgeEntities', send: 'DELETE /entities', answers: 400, has: problem('BadRequestData') },
    {
      does: 'purgeEntities',
      send: 'DELETE /entities?type=Lamp&keep=a&drop=b',
      answers: 400,
      has: problem('BadRequestData'),
    },
    {
      does: 'purgeEntities',
      send: `DELETE /entities?type=Lamp&q=${encodeURIComponent('power>50')}&drop=power`,
      answers: 204,
    },
    finds(`type=Lamp&q=power`, 'Lamp:2'),
    { does: 'purgeEntities', send: 'DELETE /entities?type=Lamp&keep=site', answers: 204 },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('Lamp:2')}?format=simplified`,
      answers: 200,
      gives: { id: id('Lamp:2'), type: 'Lamp', site: { type: 'Point', coordinates: [14.36, 46.24] } },
    },
    { does: 'purgeEntities', send: 'DELETE /entities?type=Lamp,Group', answers: 204 },
    finds('type=*&orderBy=id', 'Boat:1', 'Owner:1'),
  ],
});

scenarios('inline joins', {
  'nothing is joined inline in itself, and no join grows without end': [
    {
      does: 'createBatch',
      send: 'POST /entityOperations/create',
      body: Array.from({ length: 12 }, (_, index) => ({
        id: id(`Ring:${index}`),
        type: 'Ring',
        all: { object: Array.from({ length: 12 }, (_, other) => id(`Ring:${other}`)) },
        next: { object: id(`Ring:${index === 0 ? 1 : 0}`) },
      })),
      answers: 201,
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('Ring:0')}?join=inline&joinLevel=5&format=simplified&omit=all,next{all}`,
      answers: 200,
      gives: {
        id: id('Ring:0'),
        type: 'Ring',
        next: { id: id('Ring:1'), type: 'Ring', next: id('Ring:0') },
      },
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('Ring:0')}?join=inline&joinLevel=10&format=simplified`,
      answers: 403,
      has: problem('TooManyResults'),
    },
  ],
});
