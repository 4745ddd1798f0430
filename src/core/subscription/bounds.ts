/** Checks and clamps the durations in a subscription, so that timers can hold them and one subscription cannot overload the broker. */
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted } from '../model/read/id.ts';

/** Both bounds are inclusive. */
interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly unit: 'seconds' | 'milliseconds';
}

/** 366 days. */
const year = 31_622_400;

/** The longest throttling of a subscription, in seconds. */
export const throttlingMaxSeconds = year;

const bounds = {
  timeInterval: { least: 0.5, most: year, unit: 'seconds' },
  throttling: { least: 0.001, most: year, unit: 'seconds' },
  timeout: { least: 1, most: 3_600_000, unit: 'milliseconds' },
  cooldown: { least: 1, most: 604_800_000, unit: 'milliseconds' },
} as const satisfies Readonly<Record<string, Bounds>>;

/** A member that holds a duration. */
type TimeMember = keyof typeof bounds;

/**
 * The duration in a member, in milliseconds. Undefined when it is absent. A value out of bounds, which older versions accepted, is clamped.
 * Throws BadRequestData when it is not a number above 0.
 */
export function readTimeMs(json: JsonObject, name: TimeMember, where: string): number | undefined {
  const value = json[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value > 0))
    throw badData(`The ${name} of ${where} must be a number above 0, not ${quoted(value)}.`);
  const { least, most, unit } = bounds[name];
  return Math.min(most, Math.max(least, value)) * (unit === 'seconds' ? 1000 : 1);
}

/** Throws BadRequestData that names the first duration out of bounds. */
export function checkTimes(members: JsonObject): void {
  const { endpoint } = isObject(members['notification']) ? members['notification'] : {};
  const held = { ...members, ...pick(endpoint, ['timeout', 'cooldown']) };
  for (const [name, { least, most, unit }] of Object.entries(bounds)) {
    const value = held[name];
    if (typeof value === 'number' && (value < least || value > most))
      throw badData(`The ${name} of a subscription must be from ${least} to ${most} ${unit}, not ${quoted(value)}.`);
  }
}

const pick = (json: Json | undefined, names: readonly string[]): JsonObject =>
  isObject(json) ? Object.fromEntries(Object.entries(json).filter(([name]) => names.includes(name))) : {};

/** The longest delay of a timer, in milliseconds. */
const timerMaxMs = 2 ** 31 - 1;

/** A delay that a timer can hold: at most 24 days. After that time the caller must check again. */
export const timerMs = (waitMs: number): number => Math.min(timerMaxMs, Math.max(1, Math.ceil(waitMs)));
