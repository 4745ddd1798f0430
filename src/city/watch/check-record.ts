/** Checks the changes of one record of the log, and collects what the watch has to write. */
import type { Instance } from '../../core/model/attribute.ts';
import type { AttributeChange } from '../../core/model/change.ts';
import type { Entity } from '../../core/model/entity.ts';
import { type Geometry, positionsOf } from '../../core/model/geometry.ts';
import { type Micros, microsOfInstant } from '../../core/model/instant.ts';
import type { Json } from '../../core/model/json.ts';
import type { LogRecord } from '../../core/port/store.ts';
import type { Limits } from './detect/checks.ts';
import { followFaults } from './detect/faults.ts';
import { observe } from './detect/observe.ts';
import { isOwnEntity } from './alert.ts';
import { hasMark, isOwnMark } from './mark.ts';
import type { RuleSet, Watched } from './rule-set.ts';
import type { SeriesPlace } from './series-json.ts';
import { seriesKey, type SeriesMap, type WatchedSeries } from './series-map.ts';
import { iriOf, localName } from './vocabulary.ts';
import type { PendingWrites } from './pending-writes.ts';

export interface RecordCheck {
  readonly rules: RuleSet;
  readonly map: SeriesMap;
  readonly pending: PendingWrites;
}

/** Checks a record. Returns false when a series could not be added, because there are as many as may be. */
export function checkRecord(record: LogRecord, check: RecordCheck): boolean {
  if (record.event === 'deleted') {
    for (const [attribute, instances] of Object.entries(record.entity.attrs))
      for (const instance of instances) dropSeries(record.entity, { name: attribute, ...instance }, check);
    return true;
  }
  if (isOwnEntity(record.id) || !check.rules.concerns(record.entity.types)) return true;
  let isRoom = true;
  const checking = { ...check, arrivedAt: microsOfInstant(record.at) };
  for (const change of record.attrs)
    if (mayBeWatched(change)) isRoom = checkChange(record.entity, change, checking) && isRoom;
  return isRoom;
}

/** False for what is not a number, and was none. Most attributes are none. */
const mayBeWatched = ({ after }: AttributeChange): boolean => !after || typeof after.value === 'number';

function checkChange(entity: Entity, change: AttributeChange, check: ChangeCheck): boolean {
  const { after, name } = change;
  if (!after) {
    dropSeries(entity, change, check);
    return true;
  }
  const { value, unitCode } = after;
  if (typeof value !== 'number' || after.kind !== 'Property' || isOwnMark(change)) return true;
  const watched = check.rules.find(entity.types, name, unitCode);
  if (!watched) return true;
  const { map, arrivedAt } = check;
  const one = seriesOf(entity, change, { after, watched, map, arrivedAt });
  if (!one) return false;
  const observedAt = after.observedAt === undefined ? arrivedAt : microsOfInstant(after.observedAt);
  judge(one, { entity, after, value, at: observedAt, arrivedAt }, check);
  return true;
}

/** `arrivedAt`: when the change was made. */
interface ChangeCheck extends RecordCheck {
  readonly arrivedAt: Micros;
}

interface Judged {
  readonly entity: Entity;
  readonly after: Instance;
  readonly value: number;
  readonly at: number;
  readonly arrivedAt: number;
}

function judge(one: WatchedSeries, judged: Judged, { map, pending }: RecordCheck): void {
  const { entity, after, value, at, arrivedAt } = judged;
  const { series } = one;
  const blocks = series.ordinary.count;
  const limits = limitsOf(one.watched, entity);
  const { findings, spread } = observe(
    series,
    { value, at, arrivedAt },
    {
      limits,
      ...(limits.neighbourMetres === undefined ? undefined : { neighbours: () => map.deviationAround(one, at) }),
    },
  );
  if (series.ordinary.count !== blocks) one.isChanged = true;
  const events = followFaults(series, findings, { value, at });
  for (const event of events) pending.addEvent(one, event, entity);
  // A repetition says nothing about the value.
  const ofValue = findings.filter(({ check }) => check !== 'duplicateTime');
  if (ofValue.length > 0 || hasMark(after))
    pending.addMark(one.key, { entity, attribute: one.place.attribute, instance: after, findings: ofValue, spread });
}

/** The limits, with the maximum that another attribute of the entity gives. */
function limitsOf({ limits, maximumFrom }: Watched, { attrs }: Entity): Limits {
  if (maximumFrom === undefined) return limits;
  const name = Object.keys(attrs).find((iri) => iri === maximumFrom || localName(iri) === maximumFrom);
  const maximum = name === undefined ? undefined : attrs[name]?.[0]?.value;
  return typeof maximum === 'number' ? { ...limits, maximum } : limits;
}

interface SeriesRequest {
  readonly after: Instance;
  readonly watched: Watched;
  readonly map: SeriesMap;
  readonly arrivedAt: Micros;
}

function seriesOf(
  entity: Entity,
  { name, datasetId }: Pick<AttributeChange, 'name' | 'datasetId'>,
  { after, watched, map, arrivedAt }: SeriesRequest,
): WatchedSeries | undefined {
  const series = { id: entity.id, attribute: name, ...(datasetId === undefined ? undefined : { datasetId }) };
  const known = map.get(seriesKey(series), arrivedAt);
  const point = pointOf(entity, watched);
  const isMoved = point !== undefined && !isSamePoint(point, known?.place.point);
  if (known?.watched === watched && !isMoved) return known;
  const { unitCode } = after;
  const place: SeriesPlace = {
    ...series,
    types: entity.types,
    ...(unitCode === undefined ? undefined : { unitCode }),
    ...(point ? { point } : undefined),
  };
  if (!known) return map.add(place, watched, { now: arrivedAt });
  map.change(known, { place, watched });
  return known;
}

type Point = readonly [number, number];

const isSamePoint = (one: Point, other: Point | undefined): boolean =>
  other !== undefined && one[0] === other[0] && one[1] === other[1];

/** The first position of the location, where it matters. */
function pointOf({ attrs }: Entity, { limits }: Watched): Point | undefined {
  if (limits.neighbourMetres === undefined) return undefined;
  const location = attrs[iriOf('location', 'models')]?.find(({ kind }) => kind === 'GeoProperty');
  const position = location && isGeometry(location.value) ? positionsOf(location.value)[0] : undefined;
  return position && [position[0], position[1]];
}

/** The value of a GeoProperty in the store is a geometry that was checked. */
const isGeometry = (value: Json): value is Geometry & Json =>
  typeof value === 'object' && value !== null && 'coordinates' in value;

function dropSeries(
  entity: Entity,
  { name, datasetId }: { readonly name: string; readonly datasetId?: string },
  { map, pending }: RecordCheck,
): void {
  const key = seriesKey({
    id: entity.id,
    attribute: name,
    ...(datasetId === undefined ? undefined : { datasetId }),
  });
  const one = map.get(key);
  if (one) pending.drop(one);
}
