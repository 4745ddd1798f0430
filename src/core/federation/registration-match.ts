/** Tests whether a registration has information that a request asks for (clauses 5.10.2, 5.12). */
import type { EntitySelector, TypeSelection } from '../language/filter.ts';
import { compilePattern } from '../language/pattern/pattern.ts';
import type { EntityInfo, Information, Registration } from './registration.ts';

/** What a request asks for. Names are expanded. */
export interface Demand {
  /** At least one must match; absent: any entity. */
  readonly selectors?: readonly EntitySelector[] | undefined;
  /** Absent: all attributes. */
  readonly attrs?: readonly string[] | undefined;
  /** `@none` is the default instance. Absent: all. */
  readonly datasetIds?: readonly string[] | undefined;
}

type InformationTest = (information: Information) => boolean;

/** The test of single elements of `information`, compiled once for many registrations. */
export function compileDemand({ selectors, attrs }: Demand): InformationTest {
  const tests = selectors?.map(compileSelector);
  const wanted = attrs && new Set(attrs);
  const hasEntities = ({ entities }: Information): boolean =>
    !entities || !tests || entities.some((entity) => tests.some((test) => test(entity)));
  return (information) =>
    (!wanted || !information.attrs || information.attrs.some((name) => wanted.has(name))) && hasEntities(information);
}

/** True when both sides name datasets, and none of them is the same. */
export const isOtherDataset = ({ datasetIds }: Pick<Registration, 'datasetIds'>, demand: Demand): boolean =>
  datasetIds !== undefined &&
  demand.datasetIds !== undefined &&
  !demand.datasetIds.some((id) => datasetIds.includes(id));

function compileSelector({ ids, idPattern, types }: EntitySelector): (entity: EntityInfo) => boolean {
  const requested = ids && new Set(ids);
  const matches = idPattern && !requested ? compilePattern(idPattern.source) : undefined;
  return (entity) => {
    if (types && entity.types.length > 0 && !mayHaveType(types, entity.types)) return false;
    if (requested) return hasRequestedId(entity, requested);
    return matches === undefined || entity.id === undefined || matches(entity.id);
  };
}

/** Two patterns may have an id in common: that is not decided here. */
function hasRequestedId({ id, matches }: EntityInfo, requested: ReadonlySet<string>): boolean {
  if (id !== undefined) return requested.has(id);
  return matches === undefined || [...requested].some(matches);
}

/**
 * True when entities of these types may satisfy the selection. An entity that is registered with one type may have others too, so that of a
 * conjunction one part is enough.
 */
function mayHaveType(selection: TypeSelection, types: readonly string[]): boolean {
  switch (selection.op) {
    case 'any':
      return true;
    case 'type':
      return types.includes(selection.type);
    default:
      return selection.parts.some((part) => mayHaveType(part, types));
  }
}

/** All types that a selection names. Undefined when it can match any type. */
export function typesNamed(selection: TypeSelection): readonly string[] | undefined {
  switch (selection.op) {
    case 'any':
      return undefined;
    case 'type':
      return [selection.type];
    default: {
      const parts = selection.parts.map(typesNamed);
      return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? []);
    }
  }
}
