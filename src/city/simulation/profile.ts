/** Computes the daily rhythm of Kranj: household activity, traffic and heating. */
import { type LocalTime, localTime, type EpochMs } from './calendar.ts';
import { clamp } from './chance.ts';
import type { Climate } from './climate.ts';

/** A bell curve over the hours of a day that wraps at midnight: 1 at `middle`, 0.6 at a distance of `widthH`. */
export function bump(hour: number, middle: number, widthH: number): number {
  const distance = Math.abs(((hour - middle + 36) % 24) - 12);
  return Math.exp(-0.5 * (distance / widthH) ** 2);
}

/** The activity of a household: 0.1 to about 1. */
export function householdActivity({ hour, isWorkday }: LocalTime): number {
  const morning = isWorkday ? bump(hour, 6.6, 1) : bump(hour, 9, 1.8);
  const noon = isWorkday ? 0.35 * bump(hour, 14.5, 2.2) : 0.75 * bump(hour, 12.8, 2.2);
  return 0.1 + 0.7 * morning + noon + 0.9 * bump(hour, 19.8, 2);
}

/** The amount of traffic: 0.03 to about 1. */
export function traffic(at: EpochMs): number {
  const { hour, isWorkday, isSunday } = localTime(at);
  const day = 0.5 * bump(hour, 13, 4.5);
  if (isWorkday) return clamp(0.03 + day + 0.75 * bump(hour, 7.2, 1) + 0.65 * bump(hour, 15.8, 1.4), 0, 1);
  return 0.03 + (isSunday ? 0.55 : 0.8) * day + 0.2 * bump(hour, 18, 2.5);
}

/** The degrees by which heating must raise the temperature of buildings; 0 in warm weather. */
export const heatingDemand = (climate: Climate, at: EpochMs): number => Math.max(0, 15.5 - climate.meanTemperature(at));
