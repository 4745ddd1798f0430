/** The checklist of SynchroniCity: what its interoperability points ask of a platform, in the order in which they are checked. */
import {
  type Area,
  areas,
  type Check,
  type CheckAnswer,
  type CheckPoint,
  type CheckRequest,
  descriptionOf,
  elementsOf,
  valueAt,
  WrongAnswer,
} from './check-point.ts';
import { contextPoints } from './context-points.ts';
import { historyPoints } from './history-points.ts';
import { openDataPoints } from './open-data-points.ts';
import { securityPoints } from './security-points.ts';
import { subscriptionPoints } from './subscription-points.ts';

const all: readonly CheckPoint[] = [
  ...contextPoints,
  ...subscriptionPoints,
  ...openDataPoints,
  ...historyPoints,
  ...securityPoints,
];

/** The points of these areas. Those of the context make the entities that the others read, so they are always there. */
export function synchronicityPoints(chosen: readonly string[]): readonly CheckPoint[] {
  const unknown = chosen.find((name) => !areas.some((area) => area === name));
  if (unknown !== undefined) throw new Error(`--areas can be ${areas.join(', ')}, not ${JSON.stringify(unknown)}.`);
  const wanted = new Set<Area>(areas.filter((area) => area === 'context' || chosen.includes(area)));
  return all.filter(({ area }) => wanted.has(area));
}

/** Deletes the entities, histories and subscriptions of the run. What is not there, or cannot be reached, is passed over. */
export async function removeSynchronicity(check: Check): Promise<void> {
  const { quantumLeap, sth, service } = check.platform;
  const inTenant =
    service === '' ? undefined : { headers: { 'Fiware-Service': '', 'NGSILD-Tenant': service.toLowerCase() } };
  const ofSth = '/STH/v1/contextEntities/type/OffStreetParking/id';
  const requests = [
    ...(await ownSubscriptions(check)).map((id) => ({ path: `/v2/subscriptions/${id}` })),
    ...[...check.carParks, check.deleted, check.spot].flatMap((id) => [
      { path: `/v2/entities/${id}` },
      { path: `/v2/entities/${id}`, at: quantumLeap },
      { path: `${ofSth}/${id}`, at: sth },
      { path: `/ngsi-ld/v1/temporal/entities/${id}`, ...inTenant },
    ]),
  ];
  for (const request of requests) await answerTo(check, { ...request, method: 'DELETE' });
}

async function ownSubscriptions(check: Check): Promise<readonly string[]> {
  const answer = await answerTo(check, {
    path: '/v2/subscriptions?limit=1000',
    headers: { 'Fiware-ServicePath': '' },
  });
  return elementsOf(answer?.json)
    .filter((one) => valueAt(one, 'description') === descriptionOf(check))
    .map((one) => valueAt(one, 'id'))
    .filter((id) => typeof id === 'string');
}

/** Undefined when there is no answer. */
async function answerTo(check: Check, request: CheckRequest): Promise<CheckAnswer | undefined> {
  try {
    return await check.send(request);
  } catch (error) {
    if (error instanceof WrongAnswer) return undefined;
    throw error;
  }
}
