/** Defines the faults of the simulated city, with their frequency and duration. */
import { dayMs, hourMs, minuteMs, type EpochMs } from './calendar.ts';
import type { Chance } from './chance.ts';

/**
 * The frequency of a fault for one entity. In each window it occurs at most once, with this probability, for a duration within the bounds.
 */
interface FaultRate {
  readonly windowMs: number;
  readonly probability: number;
  /** The shortest and longest duration; never longer than the window. */
  readonly durationMs: readonly [number, number];
}

/** The rates of all faults. `docs/demo.md` lists them for users who test fault detection. */
const faultRates = {
  /** A sensor of the environment repeats its last values. */
  flatLine: { windowMs: 10 * dayMs, probability: 0.25, durationMs: [3 * hourMs, 12 * hourMs] },
  /** One pollutant or sound level is several times its real value. */
  spike: { windowMs: 3 * dayMs, probability: 0.5, durationMs: [5 * minuteMs, 25 * minuteMs] },
  /** The entity does not report. */
  silence: { windowMs: 14 * dayMs, probability: 0.2, durationMs: [hourMs, 5 * hourMs] },
  /** Water flows all the time. */
  leak: { windowMs: 30 * dayMs, probability: 0.3, durationMs: [dayMs, 4 * dayMs] },
  /** A lamp stays dark. */
  deadLamp: { windowMs: 60 * dayMs, probability: 0.15, durationMs: [dayMs, 5 * dayMs] },
} as const satisfies Record<string, FaultRate>;

export type FaultKind = keyof typeof faultRates;

export interface Fault {
  readonly since: EpochMs;
  readonly until: EpochMs;
  /** 0 to 1. */
  readonly strength: number;
}

/** The fault of a kind that an entity has at a moment. */
export type FaultAt = (kind: FaultKind, name: string, at: EpochMs) => Fault | undefined;

export const createFaults =
  (chance: Chance): FaultAt =>
  (kind, name, at) => {
    const window = Math.floor(at / faultRates[kind].windowMs);
    return [window, window - 1]
      .map((one) => faultIn(chance, `${kind}/${name}`, { rate: faultRates[kind], window: one }))
      .find((fault) => fault !== undefined && fault.since <= at && at < fault.until);
  };

/** All faults of a kind that an entity has in a time range; the end is exclusive. */
export function faultsBetween(
  chance: Chance,
  about: { kind: FaultKind; name: string },
  [from, to]: readonly [EpochMs, EpochMs],
): readonly Fault[] {
  const rate = faultRates[about.kind];
  const faults: Fault[] = [];
  for (let window = Math.floor(from / rate.windowMs) - 1; window * rate.windowMs < to; window += 1) {
    const fault = faultIn(chance, `${about.kind}/${about.name}`, { rate, window });
    if (fault && fault.until > from && fault.since < to) faults.push(fault);
  }
  return faults;
}

function faultIn(
  chance: Chance,
  about: string,
  { rate, window }: { rate: FaultRate; window: number },
): Fault | undefined {
  if (chance(`${about}/comes`, window) >= rate.probability) return undefined;
  const since = Math.floor((window + chance(`${about}/since`, window)) * rate.windowMs);
  const [shortest, longest] = rate.durationMs;
  const lastsMs = shortest + (longest - shortest) * chance(`${about}/lasts`, window);
  return { since, until: since + lastsMs, strength: chance(`${about}/strength`, window) };
}
