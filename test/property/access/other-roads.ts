/** Ways to read the same entities by NGSI v2, by the history APIs and as open data. */

const near = 'georel=near;maxDistance:30000&geometry=point&coords=46,14.5';

export const readsOfOthers: readonly string[] = [
  'GET /v2/entities',
  'GET /v2/entities?type=A&options=count&limit=2',
  'GET /v2/entities?q=p>2&options=count,keyValues',
  'GET /v2/entities?q=!r&attrs=p',
  'GET /v2/entities?orderBy=!p&limit=3',
  `GET /v2/entities?${near}`,
  'GET /v2/entities/urn:x:a:0',
  'GET /v2/entities/urn:x:b:1/attrs',
  'GET /v2/entities/urn:x:a:2/attrs/r',
  'GET /v2/entities/urn:x:b:3/attrs/p/value',
  'GET /v2/types',
  'GET /v2/types/A',
  'POST /v2/op/query',
  'GET /dcat/catalog.jsonld',
  'GET /dcat/dataset/town.jsonld',
  'GET /data/town.csv',
  'GET /data/town.geojson',
  'GET /tiles/0/0/0?attrs=p,r',
  'GET /tiles/2/2/1?type=A&attrs=s&q=p>2',
  'GET /api/3/action/package_list',
  'GET /api/3/action/package_show?id=town',
];

export const historiesOfOthers: readonly string[] = [
  'GET /ql/v2/entities',
  'GET /ql/v2/entities/urn:x:a:0',
  'GET /ql/v2/entities/urn:x:b:1/attrs/p',
  'GET /ql/v2/types/A/attrs/p?aggrMethod=max',
  'GET /ql/v2/types/A',
  'GET /ql/v2/attrs',
  'GET /ql/v2/attrs/r/value',
  'GET /ql/v2/attrs/p',
  'GET /ql/v2/attrs/value',
  'GET /ql/v2/entities/urn:x:a:2/value',
  'GET /ql/v2/entities/urn:x:b:1/attrs/r/value',
  'GET /ql/v2/types/B/value',
  'GET /ql/v2/types/A/attrs/r/value',
  'POST /ql/v2/op/query',
  'GET /STH/v1/contextEntities/type/A/id/urn:x:a:0/attributes/p?lastN=3',
  'GET /STH/v1/contextEntities/type/B/id/urn:x:b:1/attributes/p?aggrMethod=max&aggrPeriod=month',
  'GET /STH/v2/entities/urn:x:a:2/attrs/r?type=A&lastN=3',
];
