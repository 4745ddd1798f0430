/** Selects registrations for clients that look for context sources (clause 5.10.2). */
import type { GeoQuery, Query, ScopeQuery, TemporalQuery } from '../language/filter.ts';
import { compileGeo } from '../language/geo/spatial.ts';
import { compileFilter } from '../language/matches/matches.ts';
import { matchesScopes } from '../language/matches/matches-scope.ts';
import { boundsOf } from '../language/temporal-query.ts';
import type { Interval } from '../model/instant.ts';
import { isTemporal, type Registration, spaces } from './registration.ts';

/** What registrations must have beside the information of a `Demand`. */
export interface SourceConditions {
  /** Of the registration's geometry that has the name of the GeoProperty. */
  readonly geo?: GeoQuery | undefined;
  readonly scopeQ?: ScopeQuery | undefined;
  /** Of the Context Source Properties. */
  readonly csf?: Query | undefined;
  readonly temporal?: TemporalQuery | undefined;
}

type RegistrationTest = (registration: Registration) => boolean;

const core = 'https://uri.etsi.org/ngsi-ld/';

/**
 * The test of registrations. `isAbsentGood`: a registration without the geometry, scope or interval that a condition is about meets the condition,
 * because its information may be of any place, scope and time.
 */
export function compileConditions(
  { geo, scopeQ, csf, temporal }: SourceConditions,
  { isAbsentGood }: { readonly isAbsentGood: boolean },
): RegistrationTest {
  const tests: readonly RegistrationTest[] = [
    (one) => isOfTime(one, temporal, isAbsentGood),
    ...(geo ? [compileSpace(geo, isAbsentGood)] : []),
    ...(scopeQ
      ? [({ scopes }: Registration) => (scopes === undefined ? isAbsentGood : matchesScopes(scopeQ, scopes))]
      : []),
    ...(csf ? [compileProperties(csf)] : []),
  ];
  return (registration) => tests.every((test) => test(registration));
}

function compileProperties(csf: Query): RegistrationTest {
  const test = compileFilter({ q: csf });
  return ({ described }) => test(described);
}

/** True for a geometry in which there may be matches of the query. */
function compileSpace(geo: GeoQuery, isAbsentGood: boolean): RegistrationTest {
  const name = spaces.find((one) => geo.geoproperty === core + one);
  const test = compileGeo({ ...geo, relation: possibleRelation(geo.relation) });
  return (registration) => {
    const geometry = name && registration.spaces[name];
    return geometry === undefined ? isAbsentGood : test(geometry);
  };
}

/** The relation to the query's geometry of an area that may contain matches. */
function possibleRelation(relation: GeoQuery['relation']): GeoQuery['relation'] {
  if ('minDistanceMetres' in relation) return { georel: 'near', minDistanceMetres: 0 };
  if (relation.georel === 'near') return relation;
  return { georel: relation.georel === 'disjoint' ? 'disjoint' : 'intersects' };
}

/** Without a temporal query, registrations of an interval do not match; with one, only those whose interval it meets (clause 5.10.2.4). */
function isOfTime(registration: Registration, temporal: TemporalQuery | undefined, isAbsentGood: boolean): boolean {
  if (!temporal) return !isTemporal(registration);
  if (isAbsentGood && !isTemporal(registration)) return true;
  const { timeproperty } = temporal;
  const isObserved = timeproperty === 'observedAt' || timeproperty === 'any';
  const interval = isObserved ? registration.observationInterval : registration.managementInterval;
  return interval !== undefined && meets(interval, temporal);
}

/** True when the interval and that of the query have a moment in common. */
function meets({ from, to }: Interval, temporal: TemporalQuery): boolean {
  const bounds = boundsOf(temporal);
  return from < bounds.to && bounds.from <= to;
}
