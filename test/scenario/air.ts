/** Provides the measurements of the history scenarios, and reads them back. */
import type { Step } from './scenario.ts';

export const id = (name: string): string => `urn:ngsi-ld:AirQualityObserved:${name}`;
export const reading = (value: number, hour: number) => ({
  type: 'Property',
  value,
  unitCode: 'GQ',
  observedAt: `2026-03-01T0${hour}:00:00Z`,
});
/** Reads the values of an entity back: pairs of value and hour. */
export const values = (name: string, query: string, ...pairs: readonly (readonly [number, number])[]): Step => ({
  does: 'retrieveTemporal',
  send: `GET /temporal/entities/${id(name)}?format=temporalValues&attrs=pm10${query}`,
  answers: 200,
  gives: {
    id: id(name),
    type: 'Air',
    pm10: { type: 'Property', values: pairs.map(([value, hour]) => [value, `2026-03-01T0${hour}:00:00Z`]) },
  },
});

/** An entity with a value of 20 and the hour at each hour. */
export const past = (name: string, ...hours: readonly number[]) => ({
  id: id(name),
  type: 'Air',
  pm10: hours.map((hour) => reading(20 + hour, hour)),
});
