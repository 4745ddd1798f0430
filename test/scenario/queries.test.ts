/** Tests queries over HTTP on a small city, and the discovery of its types. */
import { expect } from '@jest/globals';
import { defaultVocabulary, problem, scenarios, type Step } from './scenario.ts';

const at = (coordinates: readonly [number, number]) => ({ type: 'GeoProperty', value: { type: 'Point', coordinates } });
const city = [
  {
    id: 'urn:ngsi-ld:Lamp:1',
    type: 'Lamp',
    scope: '/Kranj/Mlaka',
    power: 70,
    state: 'on',
    location: at([14.3492, 46.2728]),
  },
  {
    id: 'urn:ngsi-ld:Lamp:2',
    type: 'Lamp',
    scope: '/Kranj/Center',
    power: 150,
    state: 'off',
    location: at([14.3562, 46.2434]),
  },
  { id: 'urn:ngsi-ld:Lamp:3', type: 'Lamp', scope: '/Ljubljana', power: 35, location: at([14.5058, 46.0569]) },
  {
    id: 'urn:ngsi-ld:Park:1',
    type: ['Park', 'Garden'],
    name: { languageMap: { sl: 'Prešernov gaj', en: 'Prešeren Grove' } },
    visits: 12,
  },
];
const load: Step = { does: 'upsertBatch', send: 'POST /entityOperations/upsert', body: city, answers: 201 };
const again: Step = { ...load, answers: 204 };
const ids = (...names: readonly string[]) => names.map((name) => ({ id: `urn:ngsi-ld:${name}` }));
const finds = (query: string, ...names: readonly string[]): Step => ({
  does: 'queryEntities',
  send: `GET /entities?${query}&pick=id`,
  answers: 200,
  gives: ids(...names),
});
const refuses = (query: string, type = 'BadRequestData'): Step => ({
  does: 'queryEntities',
  send: `GET /entities?${query}`,
  answers: 400,
  has: problem(type),
});
const q = (text: string): string => `type=Lamp&q=${encodeURIComponent(text)}`;
const square = encodeURIComponent('[[[14.3,46.2],[14.4,46.2],[14.4,46.3],[14.3,46.3],[14.3,46.2]]]');

scenarios('queries', {
  'by type, id and pattern': [
    load,
    finds('type=Lamp', 'Lamp:1', 'Lamp:2', 'Lamp:3'),
    finds('type=Lamp,Park', 'Lamp:1', 'Lamp:2', 'Lamp:3', 'Park:1'),
    finds('type=(Park;Garden)', 'Park:1'),
    finds('type=Park;Lamp'),
    finds('type=*', 'Lamp:1', 'Lamp:2', 'Lamp:3', 'Park:1'),
    finds('local=true', 'Lamp:1', 'Lamp:2', 'Lamp:3', 'Park:1'),
    finds('type=Lamp&id=urn:ngsi-ld:Lamp:2,urn:ngsi-ld:Park:1', 'Lamp:2'),
    finds('type=Lamp&idPattern=Lamp:[23]$', 'Lamp:2', 'Lamp:3'),
    {
      does: 'queryEntities',
      send: 'GET /entities?attrs=visits&format=simplified',
      answers: 200,
      gives: [{ id: 'urn:ngsi-ld:Park:1', type: ['Park', 'Garden'], visits: 12 }],
    },
  ],
  'by q': [
    again,
    finds(q('power>70'), 'Lamp:2'),
    finds(q('power>=70;state=="on"'), 'Lamp:1'),
    finds(q('power<50|state=="off"'), 'Lamp:2', 'Lamp:3'),
    finds(q('state'), 'Lamp:1', 'Lamp:2'),
    finds(q('!state;power<50'), 'Lamp:3'),
    finds(q('power==35..70'), 'Lamp:1', 'Lamp:3'),
    finds(q('state~="^o[nf]"'), 'Lamp:1', 'Lamp:2'),
    finds(`type=Park&q=${encodeURIComponent('name[sl]=="Prešernov gaj"')}`, 'Park:1'),
  ],
  'by place': [
    again,
    finds('type=Lamp&georel=near;maxDistance==500&geometry=Point&coordinates=[14.3562,46.2434]', 'Lamp:2'),
    finds('type=Lamp&georel=near;minDistance==10000&geometry=Point&coordinates=[14.3562,46.2434]', 'Lamp:3'),
    finds(`type=Lamp&georel=within&geometry=Polygon&coordinates=${square}`, 'Lamp:1', 'Lamp:2'),
    finds(`type=Lamp&georel=disjoint&geometry=Polygon&coordinates=${square}`, 'Lamp:3'),
  ],
  'by scope': [
    again,
    finds('type=Lamp&scopeQ=/Kranj/%2B', 'Lamp:1', 'Lamp:2'),
    finds('type=Lamp&scopeQ=/Kranj/%23', 'Lamp:1', 'Lamp:2'),
    finds('type=Lamp&scopeQ=/Ljubljana', 'Lamp:3'),
  ],
  'in pages, counted': [
    again,
    {
      does: 'queryEntities',
      send: 'GET /entities?type=Lamp&limit=1&offset=1&count=true&pick=id',
      answers: 200,
      gives: ids('Lamp:2'),
      with: {
        'NGSILD-Results-Count': '3',
        Link: /rel="prev".*rel="next"|rel="next".*rel="prev"/,
        'Mlaka-Position': /^\S+$/,
      },
    },
    {
      does: 'queryEntities',
      send: 'GET /entities?type=Lamp&limit=0&count=true',
      answers: 200,
      gives: [],
      with: { 'NGSILD-Results-Count': '3' },
    },
    { does: 'queryEntities', send: 'GET /entities?type=Lamp&offset=99', answers: 200, gives: [] },
    refuses('type=Lamp&limit=0'),
    refuses('type=Lamp&limit=-1'),
    {
      does: 'queryEntities',
      send: 'GET /entities?type=Lamp&limit=100000',
      answers: 403,
      has: problem('TooManyResults'),
    },
  ],
  'as GeoJSON': [
    again,
    {
      does: 'queryEntities',
      send: 'GET /entities?type=Lamp&id=urn:ngsi-ld:Lamp:1&options=keyValues',
      headers: { Accept: 'application/geo+json' },
      answers: 200,
      has: {
        type: 'FeatureCollection',
        features: [{ id: 'urn:ngsi-ld:Lamp:1', geometry: { type: 'Point' }, properties: { power: 70 } }],
      },
    },
  ],
  'are refused when too wide or wrong': [
    again,
    refuses('limit=5'),
    refuses('id=urn:ngsi-ld:Lamp:1'),
    refuses('idPattern=.*'),
    refuses('attrs=id,type'),
    refuses('type=*&local=false'),
    refuses(q('power>')),
    refuses(q('power=="a"&')),
    refuses('type=Lamp&georel=near;maxDistance==-1&geometry=Point&coordinates=[1,1]'),
    refuses('type=Lamp&georel=within&geometry=Polygon'),
    refuses('type=Lamp&colour=red', 'InvalidRequest'),
    refuses('type=Lamp&format=pretty', 'InvalidRequest'),
    refuses('type=Lamp&pick=id&omit=id'),
  ],
  'tell which types and attributes there are': [
    again,
    {
      does: 'retrieveTypes',
      send: 'GET /types',
      answers: 200,
      has: { type: 'EntityTypeList', typeList: ['Garden', 'Lamp', 'Park'] },
    },
    {
      does: 'retrieveTypes',
      send: 'GET /types?details=true',
      answers: 200,
      has: expect.arrayContaining([
        {
          id: `${defaultVocabulary}Lamp`,
          type: 'EntityType',
          typeName: 'Lamp',
          attributeNames: ['location', 'power', 'state'],
        },
      ]),
    },
    {
      does: 'retrieveType',
      send: 'GET /types/Lamp',
      answers: 200,
      has: { type: 'EntityTypeInfo', typeName: 'Lamp', entityCount: 3 },
    },
    { does: 'retrieveType', send: 'GET /types/Nothing', answers: 404, has: problem('ResourceNotFound') },
    {
      does: 'retrieveAttributes',
      send: 'GET /attributes',
      answers: 200,
      has: { type: 'AttributeList', attributeList: ['location', 'name', 'power', 'state', 'visits'] },
    },
    {
      does: 'retrieveAttribute',
      send: 'GET /attributes/power',
      answers: 200,
      has: { attributeName: 'power', attributeCount: 3, attributeTypes: ['Property'], typeNames: ['Lamp'] },
    },
    { does: 'retrieveAttribute', send: 'GET /attributes/absent', answers: 404, has: problem('ResourceNotFound') },
  ],
});
