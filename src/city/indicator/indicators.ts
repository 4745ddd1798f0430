/** Computes indicators: of each period once it is over, of the running one while data arrive, and of past ones again on request. */
import { instantOf, type Interval, microsOfInstant } from '../../core/model/instant.ts';
import type { Json, JsonObject } from '../../core/model/json.ts';
import { createApprovals } from '../definition/approval.ts';
import {
  type ApprovedWork,
  createApprovedWork,
  type DefinitionServices,
  type Running,
  type WorkKind,
  type WorkPlan,
} from '../definition/approved-work.ts';
import { periodAt } from '../definition/periods.ts';
import { claimResults, lastPart } from '../definition/result-name.ts';
import { writeEntities } from '../definition/write-entities.ts';
import { compute, type Computed } from './compute.ts';
import { definingTerms, type Indicator, readIndicator } from './indicator.ts';

export const indicatorPlan: WorkPlan = {
  name: 'indicators',
  about: 'computes indicators',
  second: 45,
  minute: 10,
};

export const createIndicators = (parts: DefinitionServices): ApprovedWork => createApprovedWork(createKind(), parts);

const createKind = (): WorkKind<Indicator> => {
  const live = createLive();
  return {
    type: 'Indicator',
    family: 'indicator',
    terms: definingTerms,
    approvals: createApprovals('indicator-approvals'),
    read: readIndicator,
    claim: ({ id, writes }, { tenant }, { stores, clock }) =>
      claimResults({ tenant, id, target: writes, results: resultOf(id) }, { stores, now: clock.now() }),
    async carryOut(period, running) {
      const isOver = period.to <= microsOfInstant(running.now);
      await publish(await compute(period, running, !isOver), period, running);
      return undefined;
    },
    end: async (running) => {
      if (running.job.isLive) await live(running);
    },
  };
};

/** Computes the running period of an indicator when data have changed, and writes it when the result has changed. */
function createLive(): (running: Running<Indicator>) => Promise<void> {
  const computed = new Map<string, { readonly positions: string; readonly result: string }>();
  return async (running) => {
    const { id, job, place, now } = running;
    const period = periodAt(job.periods, microsOfInstant(now));
    const key = `${place.tenant} ${id}`;
    const before = computed.get(key);
    const positions = `${period.from} ${(await positionsOf(running)).join(' ')}`;
    if (before?.positions === positions) return;
    const result = await compute(period, running, true);
    const text = JSON.stringify([period.from, result]);
    computed.set(key, { positions, result: text });
    if (before?.result !== text) await publish(result, period, running);
  };
}

/** The positions of the newest changes in the tenants that an indicator reads. */
async function positionsOf({ job, place, services }: Running<Indicator>): Promise<readonly number[]> {
  const positions = [await place.store.log.position()];
  for (const tenant of job.reads) {
    const store = await services.stores.open(tenant, false);
    positions.push(store ? await store.log.position() : 0);
  }
  return positions;
}

/** The id of the KeyPerformanceIndicator of an indicator. */
const resultOf = (id: string): string => `urn:ngsi-ld:KeyPerformanceIndicator:${lastPart(id)}`;

/** Writes the KeyPerformanceIndicator of a period. What cannot be computed has a coverage and no value. */
async function publish(
  { value, coverage, inputs }: Computed,
  period: Interval,
  running: Running<Indicator>,
): Promise<void> {
  const { job, names, place } = running;
  const [from, to] = [instantOf(period.from), instantOf(period.to)];
  const irisOf = names.termsOf('indicator');
  const property = (json: Json, more: JsonObject = {}): JsonObject => ({
    type: 'Property',
    value: json,
    observedAt: from,
    ...more,
  });
  const attributes: JsonObject = {
    name: { ...job.name, observedAt: from },
    ...Object.fromEntries(Object.entries(job.described).map(([term, json]) => [term, property(json)])),
    ...(value === undefined
      ? undefined
      : { kpiValue: property(value, job.unit === undefined ? {} : { unitCode: job.unit }) }),
    coverage: property(coverage),
    calculatedBy: property('Mlaka'),
    calculationMethod: property('automatic'),
    calculationFormula: property(job.formula),
    calculationPeriod: property({ from, to }),
    aggregatedData: property(inputs),
    definedBy: property(job.id),
  };
  const entity = {
    id: resultOf(job.id),
    type: names.typesOf('KeyPerformanceIndicator').iris[0] ?? 'KeyPerformanceIndicator',
    ...Object.fromEntries(Object.entries(attributes).map(([term, json]) => [irisOf(term)[0] ?? term, json])),
  };
  await writeEntities([entity], { ...running, tenant: place.tenant });
}
