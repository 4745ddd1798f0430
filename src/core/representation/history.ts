/** Writes histories: temporal normalized, concise, and temporalValues (CIM 009 clauses 4.5.6 to 4.5.9). */
import type { TimeProperty } from '../language/filter.ts';
import { timeOf } from '../language/temporal-query.ts';
import { type Kind, listMember, valueMember, wrappedKinds } from '../model/attribute.ts';
import { type EntityHistory, type HistoricInstance, scopeSeries } from '../model/history.ts';
import { stampText } from '../model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { forEachInterruptible, type Interruptible } from '../model/interruptible.ts';
import type { Stamps } from '../model/stamps.ts';
import { type Aggregation, aggregate } from './aggregate.ts';
import { expiryOf, type InstanceView, renderObject, shownValue } from './instance.ts';
import type { LanguagePreference } from './language.ts';
import { renderTypes } from './render.ts';
import type { View } from './view.ts';

export interface HistoryView extends Pick<View, 'terms' | 'sysAttrs'> {
  readonly format: 'normalized' | 'concise' | 'temporalValues' | 'aggregatedValues';
  readonly timeproperty: TimeProperty;
  readonly lang?: LanguagePreference;
  /** For `aggregatedValues`. */
  readonly aggregation?: Aggregation;
}

/** The history without an @context. The instances keep their order. */
export function* renderHistory(
  { id, types, attrs, kinds }: EntityHistory,
  view: HistoryView,
  isShown: (name: string) => boolean,
): Interruptible<JsonObject> {
  const render = rendererOf(view);
  const attributes: (readonly [name: string, shown: Json])[] = [];
  for (const [name, instances] of Object.entries(attrs)) {
    const isEmpty = instances.length === 0;
    const shown = isEmpty ? renderNothing(kinds?.[name] ?? 'Property', view) : yield* render(instances, view);
    attributes.push(name === scopeSeries ? [name, withoutIds(shown)] : [view.terms.compact(name), shown]);
  }
  return {
    ...(isShown('id') ? { id } : undefined),
    ...(isShown('type') ? { type: renderTypes(types, view.terms) } : undefined),
    ...Object.fromEntries(attributes),
  };
}

/** An attribute that has instances, but none in the time range that is shown. */
const renderNothing = (kind: Kind, { format }: HistoryView): Json =>
  format === 'temporalValues' ? { type: kind, [listMember[kind]]: [] } : [];

/** Instances of a scope cannot be changed separately, so they have no ids (clause 4.5.6). */
const withoutIds = (shown: Json): Json =>
  isArray(shown)
    ? shown.map((instance) => {
        if (!isObject(instance)) return instance;
        const { instanceId: _, ...rest } = instance;
        return rest;
      })
    : shown;

function rendererOf({
  format,
  aggregation,
}: HistoryView): (instances: readonly HistoricInstance[], view: HistoryView) => Interruptible<Json> {
  if (format === 'temporalValues') return renderValues;
  return aggregation ? (instances, view) => renderAggregates(instances, view, aggregation) : renderEvolution;
}

/** Aggregates: one object per dataset and kind. */
function* renderAggregates(
  instances: readonly HistoricInstance[],
  { timeproperty }: HistoryView,
  aggregation: Aggregation,
): Interruptible<Json> {
  const rendered: Json[] = [];
  for (const group of seriesOf(instances)) {
    const { kind = 'Property', datasetId } = group[0] ?? {};
    const head = { type: kind, ...(datasetId === undefined ? undefined : { datasetId }) };
    rendered.push({ ...head, ...(yield* aggregate(group, timeproperty, aggregation)) });
  }
  return rendered.length === 1 ? (rendered[0] ?? []) : rendered;
}

function* renderEvolution(instances: readonly HistoricInstance[], view: HistoryView): Interruptible<Json> {
  const shown: Json[] = [];
  yield* forEachInterruptible(instances, (instance) => shown.push(renderOne(instance, view)));
  return shown;
}

function renderOne(instance: HistoricInstance, view: HistoryView): Json {
  const { deletedAt, instanceId, createdAt, modifiedAt: _, ...plain } = instance;
  return {
    ...renderObject(plain, instanceView(view), createdAt),
    instanceId,
    ...(view.sysAttrs ? { ...stampsOf(instance), ...expiryOf(instance) } : chosenStamp(instance, view)),
    ...(deletedAt === undefined ? undefined : { deletedAt: stampText(deletedAt) }),
  };
}

const instanceView = ({ terms, format, sysAttrs, lang }: HistoryView): InstanceView => ({
  terms,
  format: format === 'concise' ? 'concise' : 'normalized',
  sysAttrs,
  ...(lang ? { lang } : undefined),
});

const stampsOf = ({ createdAt, modifiedAt }: HistoricInstance): Stamps => ({
  createdAt: stampText(createdAt),
  modifiedAt: stampText(modifiedAt),
});

/** The timestamp that the query used, when it is one that the broker sets. */
function chosenStamp(instance: HistoricInstance, { timeproperty }: HistoryView): JsonObject {
  const { createdAt, modifiedAt } = stampsOf(instance);
  if (timeproperty === 'createdAt') return { createdAt };
  return timeproperty === 'modifiedAt' ? { modifiedAt } : {};
}

/** Pairs of value and time: one object per dataset and kind. */
function* renderValues(instances: readonly HistoricInstance[], view: HistoryView): Interruptible<Json> {
  const rendered: Json[] = [];
  for (const group of seriesOf(instances)) {
    rendered.push(renderSeries(group, view));
    yield;
  }
  return rendered.length === 1 ? (rendered[0] ?? []) : rendered;
}

/** Groups instances by dataset and kind. */
export function seriesOf(instances: readonly HistoricInstance[]): readonly (readonly HistoricInstance[])[] {
  const groups = new Map<string, HistoricInstance[]>();
  let last: HistoricInstance[] = [];
  for (const instance of instances) {
    if (last[0]?.kind !== instance.kind || last[0].datasetId !== instance.datasetId) {
      const key = `${instance.kind} ${instance.datasetId ?? ''}`;
      last = groups.get(key) ?? [];
      groups.set(key, last);
    }
    last.push(instance);
  }
  return [...groups.values()];
}

function renderSeries(group: readonly HistoricInstance[], view: HistoryView): Json {
  const [first] = group;
  const kind = !first || (first.kind === 'LanguageProperty' && view.lang) ? 'Property' : first.kind;
  const pairs = group.map((instance): Json => [valueOf(instance, kind, view), shownTime(instance, view)]);
  const dataset = first?.datasetId === undefined ? {} : { datasetId: first.datasetId };
  return { type: kind, ...dataset, [listMember[kind]]: pairs };
}

/** The time that the query used: a client's time as given, the broker's with three fractional digits. */
function shownTime(instance: HistoricInstance, view: HistoryView): Json {
  const time = timeOf(instance, view);
  return time === undefined || time === instance.observedAt ? (time ?? null) : stampText(time);
}

/**
 * The value as in the normalized representation, except that a list of URIs contains plain URIs. It is wrapped in an object when its kind
 * would otherwise be lost.
 */
function valueOf(instance: HistoricInstance, kind: Kind, { terms, lang }: HistoryView): Json {
  const { value } = shownValue(instance, { terms, lang, format: 'simplified' });
  return wrappedKinds.has(kind) ? { [valueMember[kind]]: value } : value;
}
