/** Looks at some entities of a dataset: attributes, units, places, times, and the rules of data models that they break. */
import type { Attributes, Instance } from '../../../core/model/attribute.ts';
import { type BoundingBox, boundingBox, readGeometry } from '../../../core/model/geometry.ts';
import { compareInstants, type Instant } from '../../../core/model/instant.ts';
import type { CallContext } from '../../../core/operation/operation.ts';
import type { Stored } from '../../../core/port/store.ts';
import { pagesOf, shownOf } from '../file/profile.ts';
import type { Selection } from '../file/selection.ts';

/** Entities that are looked at; a dataset may have more. */
const entitiesMax = 2000;
/** Rules that are listed. */
const rulesMax = 50;

interface BrokenRuleCount {
  readonly attribute?: string;
  readonly rule: string;
  entities: number;
}

export interface Sample {
  entities: number;
  /** False when the dataset has more entities. */
  isWhole: boolean;
  readonly attributes: Map<string, { entities: number; readonly units: Set<string> }>;
  box?: BoundingBox;
  /** When the newest value was observed, or written where it has no such time. */
  newest?: Instant;
  readonly rules: Map<string, BrokenRuleCount>;
  entitiesWithBrokenRules: number;
}

export async function sampleOf(selection: Selection, call: CallContext): Promise<Sample> {
  const sample: Sample = {
    entities: 0,
    isWhole: true,
    attributes: new Map(),
    rules: new Map(),
    entitiesWithBrokenRules: 0,
  };
  for await (const page of pagesOf(selection, call)) {
    for (const stored of page) {
      const pause = call.services.yieldToEventLoop();
      if (pause) await pause;
      addEntity(sample, stored, { selection, call });
    }
    if (sample.entities < entitiesMax) continue;
    sample.isWhole = false;
    break;
  }
  return sample;
}

function addEntity(
  sample: Sample,
  stored: Stored,
  { selection, call }: { selection: Selection; call: CallContext },
): void {
  const entity = stored.entity();
  sample.entities += 1;
  for (const { iri, instance } of shownOf(stored, selection)) addAttribute(sample, iri, instance);
  const { id, types, attrs } = entity;
  if (stored.part === undefined)
    addRules(sample, call.services.models.check({ id, types, attrs: fragmentsOf(attrs) }, true));
}

/** The models check what a request gives, which entities have too. */
const fragmentsOf = (attrs: Attributes): Parameters<CallContext['services']['models']['check']>[0]['attrs'] => attrs;

function addAttribute(sample: Sample, iri: string, { kind, value, unitCode, observedAt, modifiedAt }: Instance): void {
  const known = sample.attributes.get(iri) ?? { entities: 0, units: new Set() };
  sample.attributes.set(iri, known);
  known.entities += 1;
  if (unitCode !== undefined) known.units.add(unitCode);
  const at = observedAt ?? modifiedAt;
  if (at !== undefined && (sample.newest === undefined || compareInstants(at, sample.newest) > 0)) sample.newest = at;
  if (kind === 'GeoProperty') sample.box = joined(boundingBox(readGeometry(value, 'location')), sample.box);
}

const joined = (a: BoundingBox, b: BoundingBox | undefined): BoundingBox =>
  b === undefined ? a : [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];

function addRules(sample: Sample, { refused, warned }: ReturnType<CallContext['services']['models']['check']>): void {
  const broken = [...refused, ...warned];
  if (broken.length > 0) sample.entitiesWithBrokenRules += 1;
  for (const { attribute, rule } of broken) {
    const key = `${attribute ?? ''} ${rule}`;
    const known = sample.rules.get(key) ?? { ...(attribute === undefined ? {} : { attribute }), rule, entities: 0 };
    known.entities += 1;
    if (sample.rules.size < rulesMax || sample.rules.has(key)) sample.rules.set(key, known);
  }
}
