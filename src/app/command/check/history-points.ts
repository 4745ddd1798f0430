/** The points of the Data Storage API: histories as apps read them from STH-Comet and from QuantumLeap. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../../../core/model/json.ts';
import {
  type Check,
  type CheckAnswer,
  type CheckPoint,
  descriptionOf,
  elementsOf,
  requireStatus,
  requireThat,
  valueAt,
} from './check-point.ts';

const area = 'history' as const;
const attribute = 'availableSpotNumber';

/** The values that the history must have. They are written in this order. */
const written = [31, 32, 33] as const;

/** So that no two values have the same time in milliseconds. */
const betweenMs = 20;

/** Where a component of its own keeps histories, the broker notifies it, as in all of SynchroniCity's platforms. */
async function feed(check: Check): Promise<void> {
  const { broker, quantumLeap, sth } = check.platform;
  const receivers = [
    ...(quantumLeap.startsWith(broker) ? [] : [`${quantumLeap}/v2/notify`]),
    ...(sth.startsWith(broker) ? [] : [`${sth}/notify`]),
  ];
  for (const url of receivers) {
    const body = {
      description: descriptionOf(check),
      subject: { entities: [{ id: check.carParks[1], type: 'OffStreetParking' }] },
      notification: { http: { url }, attrs: [attribute], metadata: ['dateCreated', 'dateModified'] },
    };
    requireStatus(await check.send({ method: 'POST', path: '/v2/subscriptions', body }), 201);
  }
}

const sthRoad = (id: string): string =>
  `/STH/v1/contextEntities/type/OffStreetParking/id/${id}/attributes/${attribute}`;

/** The values in an answer of STH-Comet: version 1 has them deeper. */
const valuesOfV1 = ({ json }: CheckAnswer): readonly Json[] =>
  elementsOf(valueAt(json, 'contextResponses', 0, 'contextElement', 'attributes', 0, 'values'));

const valuesOfV2 = ({ json }: CheckAnswer): readonly Json[] => elementsOf(valueAt(json, 'value'));

const numbersIn = (values: readonly Json[]): readonly number[] =>
  values.map((one) => Number(valueAt(one, 'attrValue') ?? Number.NaN));

/** Throws WrongAnswer unless these are the last two values that were written. */
function requireLastTwo(numbers: readonly number[], answer: CheckAnswer): void {
  const isSame = numbers.length === 2 && numbers[0] === written[1] && numbers[1] === written[2];
  requireThat(isSame, `The values are ${JSON.stringify(numbers)}, not ${JSON.stringify(written.slice(1))}`, answer);
}

const isSecondLast = (numbers: readonly number[]): boolean => numbers.at(-1) === written[2];

const feeding: CheckPoint = {
  area,
  title: 'values are written one after another',
  async run(check) {
    await feed(check);
    for (const value of written) {
      await sleep(betweenMs);
      const path = `/v2/entities/${check.carParks[1]}/attrs?options=keyValues`;
      requireStatus(await check.send({ method: 'PATCH', path, body: { [attribute]: value } }), 204);
    }
  },
};

const sthPoints: readonly CheckPoint[] = [
  {
    area,
    title: 'STH-Comet v1 has the last values, the oldest first',
    async run(check) {
      const request = { path: `${sthRoad(check.carParks[1])}?lastN=2`, at: check.platform.sth };
      const answer = await check.until(request, (one) => isSecondLast(numbersIn(valuesOfV1(one))));
      requireStatus(answer, 200);
      requireLastTwo(numbersIn(valuesOfV1(answer)), answer);
      const [first] = valuesOfV1(answer);
      requireThat(typeof valueAt(first, 'recvTime') === 'string', 'A value has no recvTime', answer);
      const code = valueAt(answer.json, 'contextResponses', 0, 'statusCode', 'code');
      requireThat(code === '200', 'The statusCode is not the text 200', answer);
    },
  },
  {
    area,
    title: 'STH-Comet v2 has pages with a count',
    async run(check) {
      const path = `/STH/v2/entities/${check.carParks[1]}/attrs/${attribute}?type=OffStreetParking`;
      const answer = await check.send({ path: `${path}&hLimit=1&hOffset=1&count=true`, at: check.platform.sth });
      requireStatus(answer, 200);
      requireThat(valuesOfV2(answer).length === 1, 'It is not one value', answer);
      const count = Number(answer.headers.get('fiware-total-count') ?? Number.NaN);
      requireThat(count >= written.length, `Fiware-Total-Count is ${count}, and ${written.length} were written.`);
    },
  },
  {
    area,
    title: 'STH-Comet aggregates by hours',
    async run(check) {
      const path = `${sthRoad(check.carParks[1])}?aggrMethod=max&aggrPeriod=hour`;
      const answer = await check.send({ path, at: check.platform.sth });
      requireStatus(answer, 200);
      const [day] = valuesOfV1(answer);
      requireThat(valueAt(day, '_id', 'resolution') === 'hour', 'There is no _id.resolution of an hour', answer);
      const points = elementsOf(valueAt(day, 'points'));
      requireThat(
        points.some((point) => valueAt(point, 'max') === written[2]),
        'The maximum is missing',
        answer,
      );
    },
  },
];

const leapRoad = (id: string): string => `/v2/entities/${id}/attrs/${attribute}`;

const numbersAt = (json: Json | undefined): readonly number[] => elementsOf(valueAt(json, 'values')).map(Number);

const quantumLeapPoints: readonly CheckPoint[] = [
  {
    area,
    title: 'QuantumLeap has the last values with their times, the oldest first',
    async run(check) {
      const request = { path: `${leapRoad(check.carParks[1])}?lastN=2`, at: check.platform.quantumLeap };
      const answer = await check.until(request, ({ json }) => isSecondLast(numbersAt(json)));
      requireStatus(answer, 200);
      requireLastTwo(numbersAt(answer.json), answer);
      const index = elementsOf(valueAt(answer.json, 'index'));
      const isAscending = JSON.stringify(index[0]) < JSON.stringify(index[1]);
      requireThat(index.length === 2 && isAscending, 'The index has not two times that ascend', answer);
    },
  },
  {
    area,
    title: 'QuantumLeap has the values alone',
    async run(check) {
      const path = `${leapRoad(check.carParks[1])}/value?lastN=2`;
      const answer = await check.send({ path, at: check.platform.quantumLeap });
      requireStatus(answer, 200);
      requireLastTwo(numbersAt(answer.json), answer);
      requireThat(
        valueAt(answer.json, 'attrName') === undefined,
        'There are other members than index and values',
        answer,
      );
    },
  },
  {
    area,
    title: 'QuantumLeap aggregates by days',
    async run(check) {
      const path = `${leapRoad(check.carParks[1])}?aggrMethod=max&aggrPeriod=day&type=OffStreetParking`;
      const answer = await check.send({ path, at: check.platform.quantumLeap });
      requireStatus(answer, 200);
      requireThat(isSecondLast(numbersAt(answer.json)), `The maximum of the day is not ${written[2]}`, answer);
    },
  },
  {
    area,
    title: 'QuantumLeap answers 404 for what it does not have',
    async run(check) {
      const path = leapRoad(`${check.carParks[1]}:none`);
      const answer = await check.send({ path, at: check.platform.quantumLeap });
      requireStatus(answer, 404);
      requireThat(valueAt(answer.json, 'error') === 'Not Found', 'The error is not Not Found', answer);
    },
  },
];

export const historyPoints: readonly CheckPoint[] = [feeding, ...sthPoints, ...quantumLeapPoints];
