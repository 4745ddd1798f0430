/**
 * The quality mark: a sub-property of a value that was found faulty. A good value has none. The mark is written only where the value is still
 * the one that was checked.
 */
import type { Fragment, Instance } from '../../core/model/attribute.ts';
import type { AttributeChange } from '../../core/model/change.ts';
import type { Query } from '../../core/language/filter.ts';
import type { Write } from '../../core/language/write.ts';
import { ngsildNull } from '../../core/model/attribute.ts';
import type { Entity } from '../../core/model/entity.ts';
import { type Instant, microsOfInstant } from '../../core/model/instant.ts';
import { sameJson } from '../../core/model/json.ts';
import { instanceStamps } from '../../core/model/stamps.ts';
import type { Finding } from './detect/checks.ts';
import { iriOf, irisOf, vocabularyOf } from './vocabulary.ts';

/** A value that gets a mark, or loses it. */
export interface Marked {
  readonly entity: Entity;
  readonly attribute: string;
  readonly instance: Instance;
  /** Empty: the value is good. */
  readonly findings: readonly Finding[];
  readonly spread: number | undefined;
}

const markIris = irisOf('quality');

/** True when an instance has a mark. */
export const hasMark = ({ attrs }: Instance): boolean => attrs !== undefined && markIris.some((iri) => iri in attrs);

/** True when a change only gave or took a mark: the value is the one that was checked already. */
export const isOwnMark = ({ event, before, after }: AttributeChange): boolean =>
  event === 'updated' &&
  before !== undefined &&
  after !== undefined &&
  (hasMark(before) || hasMark(after)) &&
  before.observedAt === after.observedAt &&
  before.unitCode === after.unitCode &&
  sameJson(before.value, after.value) &&
  markOf(before) !== markOf(after);

function markOf({ attrs }: Instance): string | undefined {
  const [mark] = markIris.flatMap((iri) => attrs?.[iri] ?? []);
  return mark && JSON.stringify([mark.value, mark.attrs]);
}

/** The write that gives or takes the mark. It has no effect when the value has changed meanwhile. */
export function markWrite(marked: Marked): Write {
  const { entity, attribute, instance } = marked;
  const { datasetId } = instance;
  const attrs = { [iriOf('quality', vocabularyOf(attribute))]: [markFragment(marked)] };
  const fragment: Fragment = { ...(datasetId === undefined ? undefined : { datasetId }), attrs };
  return {
    mutation: { op: 'merge', id: entity.id, fragment: { attrs: { [attribute]: [fragment] } } },
    only: { q: sameVersion(marked) },
  };
}

/** The instance of the attribute is the one that was checked: it was modified at the same time and has the same value. */
function sameVersion({ entity, attribute, instance }: Marked): Query {
  const { modifiedAt } = instanceStamps(instance, entity.createdAt);
  const path = { attr: attribute, inside: [], text: attribute };
  const { value } = instance;
  return {
    op: 'and',
    parts: [
      { op: '==', path: { ...path, sub: ['modifiedAt'] }, value: timeOf(modifiedAt) },
      ...(typeof value === 'number'
        ? [{ op: '==', path: { ...path, sub: [] }, value: { kind: 'json', value } } as const]
        : []),
    ],
  };
}

const timeOf = (text: Instant) => ({ kind: 'time', form: 'dateTime', text, micros: microsOfInstant(text) }) as const;

function markFragment({ attribute, findings, spread }: Marked): Fragment {
  if (findings.length === 0) return { value: ngsildNull };
  const vocabulary = vocabularyOf(attribute);
  const isStale = findings.every(({ check }) => check === 'silence');
  const rules = findings.map(({ check }) => check);
  const plausibility = Math.min(...findings.map((one) => one.plausibility));
  const member = (name: Parameters<typeof iriOf>[0], value: string | number | readonly string[]) =>
    ({ [iriOf(name, vocabulary)]: [{ kind: 'Property', value }] }) as const;
  return {
    kind: 'Property',
    value: isStale ? 'stale' : 'suspect',
    attrs: {
      ...member('brokenRule', rules.length === 1 ? (rules[0] ?? '') : rules),
      ...(isStale ? undefined : member('plausibility', plausibility)),
      ...member('freshness', isStale ? 'stale' : 'current'),
      ...(spread === undefined ? undefined : member('accuracy', Number(spread.toPrecision(3)))),
    },
  };
}

/** The checked value with its mark, for the history of a value that a newer one replaced before it was marked. */
export function markedInstance(marked: Marked): Instance {
  const { attribute, entity, instance } = marked;
  const { attrs = {}, ...mark } = markFragment(marked);
  const members = Object.entries(attrs).map(([name, parts]) => [name, parts.map(asInstance)] as const);
  const quality: Instance = { ...asInstance(mark), attrs: Object.fromEntries(members) };
  const stamps = instanceStamps(instance, entity.createdAt);
  return {
    ...instance,
    ...stamps,
    attrs: { ...instance.attrs, [iriOf('quality', vocabularyOf(attribute))]: [quality] },
  };
}

const asInstance = ({ kind = 'Property', value = null }: Fragment): Instance => ({ kind, value });
