/** Computes how full car parks are, from their clientele, the hour and the day, with random variation. */
import { hourMs, type LocalTime, localTime, minuteMs, type EpochMs } from './calendar.ts';
import { clamp, drift } from './chance.ts';
import type { SimulationEnvironment } from './entity.ts';
import { bump } from './profile.ts';
import type { Clientele } from './sites.ts';

/** The share of spaces that a clientele occupies on a usual day. */
const usual: Record<Clientele, (time: LocalTime) => number> = {
  commuters: ({ hour, isWorkday }) => 0.06 + (isWorkday ? 0.9 : 0.12) * plateau(hour, [7, 15.5]),
  shoppers: ({ hour, isWorkday, isSunday }) =>
    0.07 + (isSunday ? 0.15 : isWorkday ? 0.78 : 0.7) * plateau(hour, [8.5, isWorkday ? 18 : 13]),
  residents: ({ hour, isWorkday }) => 0.93 - (isWorkday ? 0.55 : 0.25) * plateau(hour, [7.5, 16]),
  visitors: ({ hour, isWorkday }) => 0.08 + (isWorkday ? 0.5 : 0.65) * bump(hour, 17.5, 2.8) + 0.3 * bump(hour, 11, 2),
  patients: ({ hour, isWorkday }) => 0.05 + (isWorkday ? 0.92 : 0.2) * plateau(hour, [7.3, 14.5]),
};

/** About 1 between two hours and 0 outside, with slopes of about an hour. */
function plateau(hour: number, [from, to]: readonly [number, number]): number {
  return 1 / (1 + Math.exp((from - hour) * 3)) - 1 / (1 + Math.exp((to - hour) * 2));
}

/** The share of occupied spaces of a site, 0 to 1. */
export function shareTaken(
  { chance }: SimulationEnvironment,
  key: string,
  clientele: Clientele,
): (at: EpochMs) => number {
  return (at) => {
    const wander =
      0.06 * drift(chance, `${key}/day`, at / (6 * hourMs)) +
      0.025 * drift(chance, `${key}/minutes`, at / (8 * minuteMs));
    return clamp(usual[clientele](localTime(at)) + wander, 0, 1);
  };
}

/** True when a space is occupied. Cars stay for 20 minutes to 3 hours, and more spaces are occupied when the site is full. */
export function isTaken(
  { chance }: SimulationEnvironment,
  key: string,
  share: (at: EpochMs) => number,
): (at: EpochMs) => boolean {
  const stayMs = (20 + 160 * chance(`${key}/stay`)) * minuteMs;
  const offset = chance(`${key}/offset`);
  return (at) => {
    const turn = Math.floor(at / stayMs + offset);
    return chance(`${key}/car`, turn) < share(Math.floor((turn - offset) * stayMs));
  };
}
