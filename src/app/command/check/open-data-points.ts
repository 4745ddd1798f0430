/** The points of open data: data models, and the calls by which catalogues (Idra, CKAN) and the marketplace read entities. */
import { isArray, isObject, type Json } from '../../../core/model/json.ts';
import { type CheckPoint, elementsOf, idsOf, requireStatus, requireThat, valueAt } from './check-point.ts';

/** The entity of the data model with its attributes as the JSON Schemas describe them: as keyValues. */
const models: readonly CheckPoint[] = [
  {
    area: 'models',
    title: 'an entity of a data model is written and read as keyValues, as its JSON Schema describes it',
    async run(check) {
      const { spot: id } = check;
      const spot: Readonly<Record<string, Json>> = {
        id,
        type: 'ParkingSpot',
        name: 'A-13',
        category: ['onStreet'],
        status: 'free',
        location: { type: 'Point', coordinates: [14.36, 46.24] },
        width: 2.5,
      };
      requireStatus(await check.send({ method: 'POST', path: '/v2/entities?options=keyValues', body: spot }), 201);
      const answer = await check.send({ path: `/v2/entities/${id}?options=keyValues` });
      await check.send({ method: 'DELETE', path: `/v2/entities/${id}` });
      requireStatus(answer, 200);
      for (const [name, value] of Object.entries(spot)) {
        const isSame = JSON.stringify(valueAt(answer.json, name)) === JSON.stringify(value);
        requireThat(isSame, `The attribute ${name} is another one`, answer);
      }
    },
  },
  {
    area: 'models',
    title: 'a place is read back as the GeoJSON that was written',
    async run(check) {
      const answer = await check.send({ path: `/v2/entities/${check.carParks[2]}?attrs=location` });
      requireStatus(answer, 200);
      const location = valueAt(answer.json, 'location');
      requireThat(valueAt(location, 'type') === 'geo:json', 'The type is not geo:json', answer);
      requireThat(valueAt(location, 'value', 'coordinates', 0) === 14.36, 'The coordinates are others', answer);
    },
  },
];

const catalogues: readonly CheckPoint[] = [
  {
    area: 'open-data',
    title: 'the stored query of a distribution (Idra) gives a list in JSON',
    async run(check) {
      const answer = await check.send({ path: `/v2/entities?type=OffStreetParking&idPattern=${check.run}` });
      requireStatus(answer, 200);
      const type = answer.headers.get('content-type') ?? '';
      requireThat(type.startsWith('application/json'), `The Content-Type is ${JSON.stringify(type)}.`);
      requireThat(isArray(answer.json) && answer.json.length === 3, 'There are not three entities', answer);
    },
  },
  {
    area: 'open-data',
    title: 'the view of CKAN finds entities by POST /v2/op/query',
    async run(check) {
      const body = { entities: [{ id: check.carParks[1], type: 'OffStreetParking' }] };
      const answer = await check.send({ method: 'POST', path: '/v2/op/query', body });
      requireStatus(answer, 200);
      const [one] = elementsOf(answer.json);
      requireThat(isObject(one) && valueAt(one, 'id') === check.carParks[1], 'The entity did not come', answer);
    },
  },
  {
    area: 'open-data',
    title: 'the URL of an asset of the marketplace gives the entity',
    async run(check) {
      const answer = await check.send({ path: `/v2/entities?type=OffStreetParking&id=${check.carParks[1]}` });
      requireStatus(answer, 200);
      const ids = idsOf(answer.json);
      requireThat(ids.length === 1 && ids[0] === check.carParks[1], `The ids are ${JSON.stringify(ids)}.`);
    },
  },
];

export const openDataPoints: readonly CheckPoint[] = [...models, ...catalogues];
