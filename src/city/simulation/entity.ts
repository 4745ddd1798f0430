/** What is common to everything that is simulated, and how its attributes are written. */
import type { Kind } from '../../core/model/attribute.ts';
import { instantOf } from '../../core/model/instant.ts';
import type { Json, JsonObject } from '../../core/model/json.ts';
import type { Moment } from './calendar.ts';
import type { Chance } from './chance.ts';
import type { Climate } from './climate.ts';
import type { FaultAt } from './faults.ts';
import type { Position } from './places.ts';

export type Family = 'metering' | 'parking' | 'streetlighting' | 'environment';

/** One entity of the simulated city. Everything it says at a moment follows from that moment alone. */
export interface SimulatedEntity {
  readonly id: string;
  readonly type: string;
  readonly family: Family;
  /** Attributes that never change. */
  readonly fixed: JsonObject;
  /** Attributes that are measured. */
  readonly readings: (at: Moment) => JsonObject;
  /** How often it reports when it is watched live, and in recorded history: a multiple of 15 minutes there. */
  readonly everyS: number;
  readonly historyEveryS: number;
  /** Where given, it reports only when this changes. */
  readonly state?: (at: Moment) => string;
  /** Where given, it reports nothing while this is so. */
  readonly isSilent?: (at: Moment) => boolean;
}

/** What everything in the city has in common: one chance, one sky, one list of faults. */
export interface SimulationEnvironment {
  readonly chance: Chance;
  readonly climate: Climate;
  readonly faultAt: FaultAt;
}

export const idOf = (type: string, name: string): string => `urn:ngsi-ld:${type}:kranj:${name}`;

let lastTime: { readonly at: Moment; readonly text: string } = { at: 0, text: instantOf(0) };

/** A time in the standard's form. The last one is kept: all attributes of a reading bear the same. */
export function timeText(at: Moment): string {
  if (lastTime.at !== at) lastTime = { at, text: instantOf(at * 1000) };
  return lastTime.text;
}

const attribute = (type: Kind, members: JsonObject): JsonObject => ({ type, ...members });

export const property = (value: Json, unitCode?: string): JsonObject =>
  attribute('Property', unitCode === undefined ? { value } : { value, unitCode });

/** A property that was measured at a moment. */
export const measured = (value: Json, at: Moment, unitCode?: string): JsonObject => ({
  ...property(value, unitCode),
  observedAt: timeText(at),
});

/** A text in Slovene and English. */
export const text = (sl: string, en: string): JsonObject => attribute('LanguageProperty', { languageMap: { sl, en } });

export const relationship = (object: string | readonly string[]): JsonObject => attribute('Relationship', { object });

export const point = (coordinates: Position): JsonObject =>
  attribute('GeoProperty', { value: { type: 'Point', coordinates } });

export const line = (coordinates: readonly Position[]): JsonObject =>
  attribute('GeoProperty', { value: { type: 'LineString', coordinates } });

/** A counter with leading zeros, as it stands in ids and on plates. */
export const numbered = (number: number, digits = 3): string => String(number).padStart(digits, '0');

/** Numbers from 0 up to a count. */
export const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
