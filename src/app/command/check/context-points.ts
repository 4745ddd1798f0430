/** The points of the Context Management API: entities by NGSI v2, as SynchroniCity's apps write and read them. */
import { isObject, type Json } from '../../../core/model/json.ts';
import {
  type Check,
  type CheckPoint,
  elementsOf,
  idsOf,
  requireStatus,
  requireThat,
  valueAt,
  WrongAnswer,
} from './check-point.ts';

const area = 'context' as const;

/** The three car parks. Their places lie in a row. */
const carParkOf = ({ carParks }: Check, index: 0 | 1 | 2): Json => ({
  id: carParks[index],
  type: 'OffStreetParking',
  name: { type: 'Text', value: `Car park ${index + 1}` },
  category: { type: 'StructuredValue', value: ['public', 'feeCharged'] },
  totalSpotNumber: { type: 'Number', value: 100 },
  availableSpotNumber: { type: 'Number', value: 10 * (index + 1) },
  location: { type: 'geo:json', value: { type: 'Point', coordinates: [14.36, placesNorth[index]] } },
});

const placesNorth = [46.24, 46.249, 46.258] as const;
const here = '46.239,14.36';

const ofType = '/v2/entities?type=OffStreetParking';

/** Throws WrongAnswer unless exactly these entities come, in this order when it counts. */
async function requireIds(
  check: Check,
  path: string,
  { ids, inOrder = false }: { readonly ids: readonly string[]; readonly inOrder?: boolean },
): Promise<void> {
  const answer = await check.send({ path });
  requireStatus(answer, 200);
  const found = idsOf(answer.json);
  const isSame =
    found.length === ids.length && ids.every((id, index) => (inOrder ? found[index] === id : found.includes(id)));
  requireThat(
    isSame,
    `The ids are ${JSON.stringify(found)}, not ${JSON.stringify(ids)}${inOrder ? ', in this order' : ''}.`,
  );
}

const creation: readonly CheckPoint[] = [
  {
    area,
    title: 'GET /v2 names the resources',
    async run(check) {
      const answer = await check.send({ path: '/v2' });
      requireStatus(answer, 200);
      for (const name of ['entities', 'types', 'subscriptions', 'registrations'])
        requireThat(valueAt(answer.json, `${name}_url`) === `/v2/${name}`, `There is no ${name}_url`, answer);
    },
  },
  {
    area,
    title: 'GET /version tells the level of the API',
    async run(check) {
      const answer = await check.send({ path: '/version' });
      requireStatus(answer, 200);
      const version = valueAt(answer.json, 'orion', 'version');
      requireThat(typeof version === 'string', 'There is no orion.version', answer);
    },
  },
  {
    area,
    title: 'entities are created under the ids that they have, with a Location',
    async run(check) {
      for (const index of [0, 1, 2] as const) {
        const answer = await check.send({ method: 'POST', path: '/v2/entities', body: carParkOf(check, index) });
        requireStatus(answer, 201);
        const location = answer.headers.get('location') ?? '';
        const isNamed = decodeURIComponent(location).includes(`/v2/entities/${check.carParks[index]}`);
        requireThat(isNamed, `The header Location is ${JSON.stringify(location)}.`);
        requireThat(answer.headers.has('fiware-correlator'), 'There is no header Fiware-Correlator.');
      }
    },
  },
  {
    area,
    title: 'an entity that exists is not created again',
    async run(check) {
      const answer = await check.send({ method: 'POST', path: '/v2/entities', body: carParkOf(check, 0) });
      requireStatus(answer, 422);
      requireThat(valueAt(answer.json, 'error') === 'Unprocessable', 'The error is not Unprocessable', answer);
    },
  },
];

const queries: readonly CheckPoint[] = [
  {
    area,
    title: 'a list of a type comes as keyValues with its count',
    async run(check) {
      const answer = await check.send({ path: `${ofType}&options=keyValues,count&limit=1000` });
      requireStatus(answer, 200);
      const count = answer.headers.get('fiware-total-count');
      const { length } = elementsOf(answer.json);
      requireThat(count === String(length), `Fiware-Total-Count is ${count}, and ${length} entities came.`);
      const one = elementsOf(answer.json).find((entity) => valueAt(entity, 'id') === check.carParks[0]);
      requireThat(valueAt(one, 'availableSpotNumber') === 10, `${check.carParks[0]} is not in the list`, answer);
    },
  },
  {
    area,
    title: 'places are found near a point, the nearest first',
    run: (check) =>
      requireIds(
        check,
        `${ofType}&options=keyValues&georel=near;maxDistance:1500&geometry=point&coords=${here}&orderBy=geo:distance`,
        { ids: check.carParks.slice(0, 2), inOrder: true },
      ),
  },
  {
    area,
    title: 'one entity comes as keyValues with the attributes that are asked for',
    async run(check) {
      const path = `/v2/entities/${check.carParks[0]}?options=keyValues&attrs=availableSpotNumber,location`;
      const answer = await check.send({ path });
      requireStatus(answer, 200);
      const names = isObject(answer.json) ? Object.keys(answer.json).toSorted().join(' ') : '';
      requireThat(names === 'availableSpotNumber id location type', `The members are ${names}`, answer);
      requireThat(valueAt(answer.json, 'id') === check.carParks[0], 'The id is another one', answer);
      requireThat(valueAt(answer.json, 'location', 'type') === 'Point', 'The location is no GeoJSON', answer);
    },
  },
  {
    area,
    title: 'the normalized form has type, value and metadata of each attribute',
    async run(check) {
      const answer = await check.send({ path: `/v2/entities/${check.carParks[0]}` });
      requireStatus(answer, 200);
      const attribute = valueAt(answer.json, 'availableSpotNumber');
      const isWhole = valueAt(attribute, 'type') === 'Number' && isObject(valueAt(attribute, 'metadata'));
      requireThat(isWhole && valueAt(attribute, 'value') === 10, 'An attribute is not normalized', answer);
    },
  },
  {
    area,
    title: 'ids are matched by a pattern',
    run: (check) =>
      requireIds(check, `/v2/entities?idPattern=^urn:ngsi-ld:OffStreetParking:check:${check.run}:.*&limit=10`, {
        ids: check.carParks,
      }),
  },
  {
    area,
    title: 'values are compared by q',
    run: (check) => requireIds(check, `${ofType}&q=availableSpotNumber>=20`, { ids: check.carParks.slice(1) }),
  },
  {
    area,
    title: 'lists are ordered, and come in pages',
    run: (check) =>
      requireIds(check, `${ofType}&orderBy=!availableSpotNumber&limit=1&offset=1`, { ids: [check.carParks[1]] }),
  },
  {
    area,
    title: 'POST /v2/op/query finds entities by a body',
    async run(check) {
      const body = { entities: [{ idPattern: '.*', type: 'OffStreetParking' }], attrs: ['totalSpotNumber'] };
      const answer = await check.send({ method: 'POST', path: '/v2/op/query?options=count,keyValues', body });
      requireStatus(answer, 200);
      requireThat(idsOf(answer.json).includes(check.carParks[2]), `${check.carParks[2]} is not in the list`, answer);
      requireThat(answer.headers.has('fiware-total-count'), 'There is no header Fiware-Total-Count.');
    },
  },
  {
    area,
    title: 'types are listed',
    async run(check) {
      const answer = await check.send({ path: '/v2/types?options=values&limit=1000' });
      requireStatus(answer, 200);
      requireThat(elementsOf(answer.json).includes('OffStreetParking'), 'OffStreetParking is not listed', answer);
    },
  },
];

const partitions: readonly CheckPoint[] = [
  {
    area,
    title: 'a service path shows its own entities only',
    async run(check) {
      const elsewhere = await check.send({ path: ofType, headers: { 'Fiware-ServicePath': '/mlaka_check/none' } });
      requireStatus(elsewhere, 200);
      requireThat(elementsOf(elsewhere.json).length === 0, 'Another path shows entities', elsewhere);
      const path = `/v2/entities/${check.carParks[0]}?attrs=servicePath&options=keyValues`;
      const below = await check.send({ path, headers: { 'Fiware-ServicePath': '/#' } });
      requireStatus(below, 200);
      const shown = valueAt(below.json, 'servicePath');
      requireThat(shown === check.servicePath, 'The path /# does not show the entity with its servicePath', below);
    },
  },
  {
    area,
    title: 'another tenant is empty',
    async run(check) {
      const answer = await check.send({
        path: `/v2/entities/${check.carParks[0]}`,
        headers: { 'Fiware-Service': `check${check.run}` },
      });
      if (answer.status === 401 || answer.status === 403) return;
      requireStatus(answer, 404);
    },
  },
];

/** The number of free places of the first car park. */
async function requireFree(check: Check, free: number): Promise<void> {
  const path = `/v2/entities/${check.carParks[0]}/attrs/availableSpotNumber/value`;
  const answer = await check.send({ path, headers: { Accept: 'text/plain' } });
  requireStatus(answer, 200);
  if (Number(answer.text) !== free) throw new WrongAnswer(`The value is ${answer.text}, not ${free}.`);
}

const updates: readonly CheckPoint[] = [
  {
    area,
    title: 'attributes are updated',
    async run(check) {
      const path = `/v2/entities/${check.carParks[0]}/attrs`;
      const body = { availableSpotNumber: { type: 'Number', value: 11 } };
      requireStatus(await check.send({ method: 'PATCH', path, body }), 204);
      await requireFree(check, 11);
    },
  },
  {
    area,
    title: 'a value alone is updated, as text',
    async run(check) {
      const path = `/v2/entities/${check.carParks[0]}/attrs/availableSpotNumber/value`;
      const headers = { 'Content-Type': 'text/plain' };
      requireStatus(await check.send({ method: 'PUT', path, text: '12', headers }), 204);
      await requireFree(check, 12);
    },
  },
  {
    area,
    title: 'POST /v2/op/update writes several entities',
    async run(check) {
      const entities = check.carParks.map((id) => ({ id, type: 'OffStreetParking', totalSpotNumber: 120 }));
      const body = { actionType: 'append', entities };
      requireStatus(await check.send({ method: 'POST', path: '/v2/op/update?options=keyValues', body }), 204);
      await requireIds(check, `${ofType}&q=totalSpotNumber==120`, { ids: check.carParks });
    },
  },
  {
    area,
    title: 'what does not exist is 404, with error and description',
    async run(check) {
      const answer = await check.send({ path: `/v2/entities/${check.carParks[0]}:none` });
      requireStatus(answer, 404);
      requireThat(valueAt(answer.json, 'error') === 'NotFound', 'The error is not NotFound', answer);
      requireThat(typeof valueAt(answer.json, 'description') === 'string', 'There is no description', answer);
    },
  },
  {
    area,
    title: 'entities are deleted',
    async run(check) {
      const { deleted: id } = check;
      const one = { id, type: 'OffStreetParking', totalSpotNumber: { type: 'Number', value: 1 } };
      requireStatus(await check.send({ method: 'POST', path: '/v2/entities', body: one }), 201);
      requireStatus(await check.send({ method: 'DELETE', path: `/v2/entities/${id}` }), 204);
      requireStatus(await check.send({ path: `/v2/entities/${id}` }), 404);
    },
  },
];

export const contextPoints: readonly CheckPoint[] = [...creation, ...queries, ...partitions, ...updates];
