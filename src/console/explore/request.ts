/** Makes a request to the API of what a person chose in the builder. */
import { apiPath } from '../data/api.ts';
import type { JsonObject } from '../data/json.ts';

export interface Condition {
  readonly attribute: string;
  readonly operator: string;
  readonly value: string;
}

export interface Built {
  readonly kind: 'entities' | 'history' | 'aggregates';
  readonly type: string;
  readonly conditions: readonly Condition[];
  /** Absent longitude: anywhere. */
  readonly longitude: string;
  readonly latitude: string;
  readonly radiusM: string;
  readonly method: string;
  readonly period: string;
  /** Hours before now. */
  readonly sinceHours: string;
  readonly attribute: string;
  readonly limit: string;
}

export const operators = ['==', '!=', '>', '>=', '<', '<=', '~='] as const;

/** The conditions in the query language. Numbers, booleans and times stay as they are; everything else is a text. */
const queryOf = (conditions: readonly Condition[]): string =>
  conditions
    .filter(({ attribute }) => attribute !== '')
    .map(({ attribute, operator, value }) =>
      value === '' ? attribute : `${attribute}${operator}${termOf(operator, value)}`,
    )
    .join(';');

const termOf = (operator: string, value: string): string =>
  operator === '~=' || /^(-?\d+(\.\d+)?|true|false|\d{4}-\d\d-\d\dT[\d:.]+Z)$/.test(value)
    ? value
    : JSON.stringify(value);

const geoOf = ({ longitude, latitude, radiusM }: Built): Readonly<Record<string, string>> =>
  longitude === '' || latitude === ''
    ? {}
    : { georel: `near;maxDistance==${radiusM}`, geometry: 'Point', coordinates: `[${longitude},${latitude}]` };

export function pathOf(built: Built): string {
  const { kind, type, conditions, limit } = built;
  const chosen = { type, q: queryOf(conditions), ...geoOf(built), limit };
  if (kind === 'entities') return apiPath('/entities', { ...chosen, format: 'concise', count: 'true' });
  const hour = 3_600_000;
  const times = {
    timerel: 'after',
    timeAt: new Date(Math.floor(Date.now() / hour - Number(built.sinceHours)) * hour).toISOString(),
    attrs: built.attribute,
  };
  if (kind === 'history') return apiPath('/temporal/entities', { ...chosen, ...times, format: 'temporalValues' });
  return apiPath('/temporal/entities', {
    ...chosen,
    ...times,
    format: 'aggregatedValues',
    aggrMethods: built.method,
    aggrPeriodDuration: built.period,
  });
}

/** The same conditions as a subscription. */
export function subscriptionOf(built: Built): JsonObject {
  const q = queryOf(built.conditions);
  const { georel, geometry, coordinates } = geoOf(built);
  return {
    entities: [{ type: built.type === '' ? '*' : built.type }],
    ...(q === '' ? undefined : { q }),
    ...(georel === undefined || geometry === undefined || coordinates === undefined
      ? undefined
      : { geoQ: { georel, geometry, coordinates } }),
    notification: { format: 'concise' },
  };
}
