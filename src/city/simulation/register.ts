/** Simulates the register of a meter: the total consumption up to a moment, and the current rate. */
import { dayMs, hourMs, type EpochMs } from './calendar.ts';

const slotsPerDay = 96;
const slotMs = dayMs / slotsPerDay;

/** Registers start on this day; before it the total is 0. */
const firstDay = Date.UTC(2024, 0, 1) / dayMs;

export interface Usage {
  /** The consumption of a day, counted from 1970. Never negative. */
  dailyTotal(day: number): number;
  /** The relative weight of a quarter of an hour within its day; `from` is its start. Never negative. */
  weightAt(from: EpochMs): number;
}

export interface Register {
  /** The consumption since the register started. Never decreases. */
  total(at: EpochMs): number;
  /** The consumption per hour. */
  rate(at: EpochMs): number;
}

/** Days follow standard time all year, as in meters. With summer time, two days a year would have 23 or 25 hours. */
const dayOf = (at: EpochMs): number => Math.floor((at + hourMs) / dayMs);
const startOf = (day: number): EpochMs => day * dayMs - hourMs;

interface DayTable {
  readonly day: number;
  /** The consumption in each slot. */
  readonly slots: Float64Array;
  /** The consumption of the day before each slot. */
  readonly before: Float64Array;
}

/** A register for this usage. It caches sums, so calls in order of time are fast. */
export function createRegister(usage: Usage): Register {
  const sums: number[] = [0];
  let table = tableOf(usage, firstDay);
  const totalBefore = (day: number): number => {
    for (let known = sums.length; known <= day - firstDay; known += 1) {
      sums.push((sums[known - 1] ?? 0) + usage.dailyTotal(firstDay + known - 1));
    }
    return sums[day - firstDay] ?? 0;
  };
  const slotAt = (at: EpochMs): { slot: number; share: number } => {
    const day = dayOf(at);
    if (table.day !== day) table = tableOf(usage, day);
    const position = (at - startOf(day)) / slotMs;
    return { slot: Math.floor(position), share: position % 1 };
  };
  return {
    total(at) {
      if (dayOf(at) < firstDay) return 0;
      const { slot, share } = slotAt(at);
      return totalBefore(table.day) + (table.before[slot] ?? 0) + share * (table.slots[slot] ?? 0);
    },
    rate(at) {
      if (dayOf(at) < firstDay) return 0;
      const { slot } = slotAt(at);
      return ((table.slots[slot] ?? 0) * hourMs) / slotMs;
    },
  };
}

function tableOf(usage: Usage, day: number): DayTable {
  const weights = Array.from({ length: slotsPerDay }, (_, slot) => usage.weightAt(startOf(day) + slot * slotMs));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const daily = usage.dailyTotal(day);
  const slots = Float64Array.from(weights, (weight) => (sum === 0 ? daily / slotsPerDay : (daily * weight) / sum));
  let running = 0;
  const before = slots.map((amount) => {
    running += amount;
    return running - amount;
  });
  return { day, slots, before };
}

/** The middle of a day, for values that depend on the weather or season. */
export const noonOf = (day: number): EpochMs => startOf(day) + dayMs / 2;
