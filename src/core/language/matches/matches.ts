/** Compiles a filter to a test of entities. */
import type { Entity } from '../../model/entity.ts';
import type { Geometry } from '../../model/geometry.ts';
import { isObject, type Json } from '../../model/json.ts';
import { locationIri } from '../../model/v2/location.ts';
import type { EntitySelector, Filter, GeoQuery } from '../filter.ts';
import { compileQuery } from './matches-query.ts';
import { matchesScopes } from './matches-scope.ts';
import { matchesTypes } from './matches-types.ts';
import { compilePattern } from '../pattern/pattern.ts';
import { compileGeo } from '../geo/spatial.ts';
import { beginSteps } from '../step-count.ts';

type EntityTest = (entity: Entity) => boolean;

/**
 * The test of a filter, compiled once for many entities. All given parts must match. Throws OperationNotSupported for a path through a
 * relationship, and the errors of `compilePattern`. The test throws TooComplexQuery when an entity takes too many steps.
 */
export function compileFilter(filter: Filter): EntityTest {
  const test = compileParts(filter);
  return (entity) => {
    beginSteps();
    return test(entity);
  };
}

function compileParts(filter: Filter): EntityTest {
  const tests = [...testsOfSelection(filter), ...testsOfConditions(filter)];
  const [first, ...others] = tests;
  if (!first) return () => true;
  return others.length === 0 ? first : (entity) => tests.every((test) => test(entity));
}

/** The cheaper tests. They run first. */
function testsOfSelection({ selectors, owner, attrs, datasetIds, scopeQ }: Filter): readonly EntityTest[] {
  return [
    ...(selectors ? [anyOf(selectors.map(compileSelector))] : []),
    ...(owner === undefined ? [] : [(entity: Entity) => entity.owner === owner]),
    ...(attrs ? [compileAttrs(attrs, datasetIds)] : []),
    ...(scopeQ ? [({ scope }: Entity) => matchesScopes(scopeQ, scope)] : []),
  ];
}

function testsOfConditions({ q, geo, also, anyOf: alternatives }: Filter): readonly EntityTest[] {
  return [
    ...(q ? [compileQuery(q)] : []),
    ...(geo ? [compileGeometry(geo)] : []),
    ...(also ?? []).map(compileParts),
    ...(alternatives ? [anyOf(alternatives.map(compileParts))] : []),
  ];
}

function anyOf(tests: readonly EntityTest[]): EntityTest {
  const [only] = tests;
  return tests.length === 1 && only ? only : (entity) => tests.some((test) => test(entity));
}

/** When both ids and a pattern are given, the ids apply and the pattern is ignored (clause 5.2.8). */
function compileSelector({ ids, idPattern, types }: EntitySelector): EntityTest {
  const known = ids && new Set(ids);
  const matches = idPattern && !known ? compilePattern(idPattern.source) : undefined;
  return (entity) =>
    (known?.has(entity.id) ?? true) &&
    (types === undefined || matchesTypes(types, entity.types)) &&
    (matches?.(entity.id) ?? true);
}

/** The entity must have one of the attributes, in one of the datasets where these are given. */
function compileAttrs(attrs: readonly string[], datasetIds: readonly string[] | undefined): EntityTest {
  const datasets = datasetIds && new Set(datasetIds);
  return (entity) =>
    attrs.some((name) => {
      const instances = Object.hasOwn(entity.attrs, name) ? entity.attrs[name] : undefined;
      if (!instances || !datasets) return instances !== undefined;
      return instances.some(({ datasetId }) => datasets.has(datasetId ?? '@none'));
    });
}

function compileGeometry(geo: GeoQuery): EntityTest {
  const isMet = compileGeo(geo);
  return ({ attrs }) => {
    const name = geo.isV2 ? (locationIri(attrs) ?? '') : geo.geoproperty;
    const instances = Object.hasOwn(attrs, name) ? attrs[name] : undefined;
    return instances?.some(({ kind, value }) => kind === 'GeoProperty' && isGeometry(value) && isMet(value)) ?? false;
  };
}

/** A type guard for the compiler only: the value of a GeoProperty was validated as a geometry when it was read. */
const isGeometry = (value: Json): value is Geometry => isObject(value) && 'coordinates' in value;
