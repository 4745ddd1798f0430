/** What the broker knows of a dataset beside its description: what is in it, whether it comes as promised, what is missing. */
import { microsOfInstant } from '../../../core/model/instant.ts';
import type { JsonObject } from '../../../core/model/json.ts';
import type { CallContext } from '../../../core/operation/operation.ts';
import type { DataTypes } from '../data-types.ts';
import { type Dataset, isPublic } from '../dataset.ts';
import type { Description } from '../description.ts';
import { type Selection, selectionOf } from '../file/selection.ts';
import { missingIn } from '../missing.ts';
import { promisedSeconds } from './frequency.ts';
import { measureTimes, type MeasuredTimes } from './measured-times.ts';
import { type Sample, sampleOf } from './sample.ts';
import { usersOf } from './users.ts';

export async function factsOf(dataset: Dataset, types: DataTypes, call: CallContext): Promise<JsonObject> {
  const { about, slug } = dataset;
  const head = {
    id: about.id,
    slug,
    isPublic: isPublic(about),
    missing: missingIn(about).map(({ message }) => message),
  };
  if (about.texts('entityTypes').length === 0) return head;
  const selection = await selectionOf(dataset, types, call);
  const sample = await sampleOf(selection, call);
  const times = await measureTimes(selection, call);
  const users = await usersOf(types.irisOf(about), call);
  return {
    ...head,
    ...contentFacts(sample, selection),
    ...timeFacts(about, { sample, times, call }),
    rulesBroken: {
      entities: sample.entitiesWithBrokenRules,
      rules: [...sample.rules.values()].map((rule) => ({ ...rule })),
    },
    ...(users === undefined ? undefined : { users }),
  };
}

/** `completeness`: the share of the entities that have the attribute. `isWhole` is false when only a part of the entities was looked at. */
function contentFacts({ entities, isWhole, attributes, box }: Sample, { context, types }: Selection): JsonObject {
  return {
    entities,
    isWhole,
    types: types.map((iri) => ({ name: context.compact(iri), iri })),
    attributes: [...attributes]
      .map(([iri, { entities: having, units }]) => ({
        name: context.compact(iri),
        iri,
        completeness: Number((having / entities).toFixed(4)),
        units: [...units],
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...(box ? { bbox: box } : undefined),
  };
}

interface TimeContext {
  readonly sample: Sample;
  readonly times: MeasuredTimes;
  readonly call: CallContext;
}

/** Times in seconds. `isKept`: the newest value is not older than twice what is promised. What is unknown is absent. */
function timeFacts({ text }: Description, { sample: { newest }, times, call }: TimeContext): JsonObject {
  const promised = promisedSeconds(text('accrualPeriodicity'));
  const age = newest === undefined ? undefined : (microsOfInstant(call.now) - microsOfInstant(newest)) / 1e6;
  const isKept = promised === undefined || age === undefined ? undefined : age <= 2 * promised;
  return {
    temporal: known({ from: times.from, to: newest }),
    updates: known({ promisedSeconds: promised, measuredSeconds: times.seconds, ageSeconds: age, isKept }),
  };
}

const known = (members: Readonly<Record<string, string | number | boolean | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
