/** Defines simulated entities and helps to write their attributes. */
import type { Kind } from '../../core/model/attribute.ts';
import { instantOf } from '../../core/model/instant.ts';
import type { Json, JsonObject } from '../../core/model/json.ts';
import type { EpochMs } from './calendar.ts';
import type { Chance } from './chance.ts';
import type { Climate } from './climate.ts';
import type { FaultAt } from './faults.ts';
import type { Position } from './places.ts';

export type Family = 'metering' | 'parking' | 'streetlighting' | 'environment';

/** An entity of the simulated city. Its attributes at a moment depend only on that moment. */
export interface SimulatedEntity {
  readonly id: string;
  readonly type: string;
  readonly family: Family;
  /** Attributes that never change. */
  readonly fixed: JsonObject;
  /** Measured attributes. */
  readonly readings: (at: EpochMs) => JsonObject;
  /** The intervals of live reports and of recorded history. The latter is a multiple of 15 minutes. */
  readonly everyS: number;
  readonly historyEveryS: number;
  /** If present, the entity reports only when this value changes. */
  readonly state?: (at: EpochMs) => string;
  /** If present, the entity does not report while this is true. */
  readonly isSilent?: (at: EpochMs) => boolean;
}

/** What all entities of the city share: one random generator, one climate, one list of faults. */
export interface SimulationEnvironment {
  readonly chance: Chance;
  readonly climate: Climate;
  readonly faultAt: FaultAt;
}

export const idOf = (type: string, name: string): string => `urn:ngsi-ld:${type}:kranj:${name}`;

let lastTime: { readonly at: EpochMs; readonly text: string } = { at: 0, text: instantOf(0) };

/** A time in the format of the standard. The last text is cached, because all attributes of a reading have the same time. */
export function timeText(at: EpochMs): string {
  if (lastTime.at !== at) lastTime = { at, text: instantOf(at * 1000) };
  return lastTime.text;
}

const attribute = (type: Kind, members: JsonObject): JsonObject => ({ type, ...members });

/** `unitCode` is a code of UN/CEFACT, such as KWH for kilowatt hours, MTQ for cubic metres, and C62 for a number without unit. */
export const property = (value: Json, unitCode?: string): JsonObject =>
  attribute('Property', unitCode === undefined ? { value } : { value, unitCode });

/** A property with `observedAt`. */
export const measured = (value: Json, at: EpochMs, unitCode?: string): JsonObject => ({
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

/** A number with leading zeros, for ids and labels. */
export const numbered = (number: number, digits = 3): string => String(number).padStart(digits, '0');

/** The integers from 0 to below a count. */
export const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
