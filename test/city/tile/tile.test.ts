/** Tests vector tiles: which points are in them, what they say, for whom, and which requests are refused. */
import { VectorTile, type VectorTileFeature } from '@mapbox/vector-tile';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PbfReader } from 'pbf';
import { startTestBroker, type TestBroker } from '../../scenario/scenario.ts';

const entityOf = (n: number, more: object = {}): object => ({
  id: `urn:ngsi-ld:Spot:${n}`,
  type: n < 4 ? 'Spot' : 'Lamp',
  location: { type: 'Point', coordinates: [14.35 + n / 100, 46.24] },
  free: n,
  note: { en: 'no plain value' },
  ...more,
});

/** Column and row of the tile of a place (Web Mercator). */
function tileAt(z: number, longitude: number, latitude: number): readonly [number, number] {
  const north = Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)) / Math.PI;
  return [Math.floor(((longitude + 180) / 360) * 2 ** z), Math.floor(((1 - north) / 2) * 2 ** z)];
}

const world = '0/0/0';

describe('vector tiles', () => {
  let broker: TestBroker;
  let key = '';
  const get = (path: string, bearer = key): Promise<Response> =>
    fetch(`${broker.url}/tiles/${path}`, bearer === '' ? {} : { headers: { Authorization: `Bearer ${bearer}` } });
  const send = (path: string, body: unknown): Promise<Response> =>
    fetch(`${broker.url}/ngsi-ld/v1${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    });
  const featuresOf = async (path: string, bearer = key): Promise<readonly VectorTileFeature[]> => {
    const response = await get(path, bearer);
    expect([path, response.status]).toEqual([path, 200]);
    expect(response.headers.get('Content-Type')).toBe('application/vnd.mapbox-vector-tile');
    const layer = new VectorTile(new PbfReader(new Uint8Array(await response.arrayBuffer()))).layers['entities'];
    return Array.from({ length: layer?.length ?? 0 }, (_, n) => layer?.feature(n)).flatMap((feature) => feature ?? []);
  };

  beforeAll(async () => {
    broker = await startTestBroker(['--access', 'required']);
    key = readFileSync(join(broker.folder, 'administrator.key'), 'utf8').trim();
    const entities = [1, 2, 3, 4].map((n) => entityOf(n));
    const line = {
      type: 'LineString',
      coordinates: [
        [14.36, 46.25],
        [14.37, 46.25],
      ],
    };
    const others = [entityOf(5, { location: line, type: 'Street' }), { id: 'urn:x:nowhere', type: 'Spot', free: 9 }];
    expect((await send('/entityOperations/create', [...entities, ...others])).status).toBe(201);
    const grant = { to: 'public', operations: ['read'], types: ['Lamp'] };
    expect((await send('/access/grants', grant)).status).toBe(201);
  });
  afterAll(() => broker.stop());

  test('have a point for each entity with a location, with its id, type and the attributes that were asked for', async () => {
    const [x, y] = tileAt(16, 14.37, 46.24);
    const features = await featuresOf(`16/${x}/${y}?attrs=free,note`);
    expect(features.map(({ properties }) => properties)).toEqual([{ id: 'urn:ngsi-ld:Spot:2', type: 'Spot', free: 2 }]);
    const [longitude, latitude] = (features[0]?.toGeoJSON(x, y, 16).geometry as { coordinates: number[] }).coordinates;
    expect(longitude).toBeCloseTo(14.37, 4);
    expect(latitude).toBeCloseTo(46.24, 4);
  });

  test('contain only what the query selects', async () => {
    const ids = async (query: string): Promise<readonly unknown[]> =>
      (await featuresOf(`${world}?${query}`)).map(({ properties }) => properties['id']).sort();
    expect(await ids('type=Street')).toEqual(['urn:ngsi-ld:Spot:5']);
    expect(await ids('q=free>2;free<4')).toEqual(['urn:ngsi-ld:Spot:3']);
    expect(await featuresOf('12/0/0')).toEqual([]);
  });

  test('have one point with a number for entities that lie close together', async () => {
    const counts = (await featuresOf(world)).map(({ properties }) => properties['point_count']);
    expect(counts).toEqual([5]);
  });

  test('contain only what the caller may read', async () => {
    expect((await featuresOf(world, '')).map(({ properties }) => properties['id'])).toEqual(['urn:ngsi-ld:Spot:4']);
    expect((await get(world, 'wrong')).status).toBe(401);
  });

  test.each([
    ['23/0/0', 'The zoom level of a tile must be a number from 0 to 22, not "23".'],
    ['1/2/0', 'The column of a tile must be a number from 0 to 1, not "2".'],
    ['1/0/x', 'The row of a tile must be a number from 0 to 1, not "x".'],
    ['0/0/0?attrs=a,b,c,d,e,f,g,h,i,j,k', 'The parameter attrs must name at most 10 attributes.'],
  ])('refuse %s', async (path, detail) => {
    const response = await get(path);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ detail });
  });
});
