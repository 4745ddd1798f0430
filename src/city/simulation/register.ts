/** A meter's register: what has run through it up to a moment, and how fast it runs. */
import { dayMs, hourMs, type Moment } from './calendar.ts';

const slotsPerDay = 96;
const slotMs = dayMs / slotsPerDay;

/** Registers begin on this day; before it they stand still. */
const firstDay = Date.UTC(2024, 0, 1) / dayMs;

export interface Usage {
  /** What is used on a day, told by its number since 1970. Never negative. */
  dailyTotal(day: number): number;
  /** The weight of a quarter of an hour among those of its day, by the moment it begins. Never negative. */
  weightAt(from: Moment): number;
}

export interface Register {
  /** What was used since the register began. Never falls. */
  total(at: Moment): number;
  /** What is used per hour. */
  rate(at: Moment): number;
}

/** Days are those of standard time the year round, as in meters: in summer time a day would have 23 or 25 hours. */
const dayOf = (at: Moment): number => Math.floor((at + hourMs) / dayMs);
const startOf = (day: number): Moment => day * dayMs - hourMs;

interface DayTable {
  readonly day: number;
  /** What is used in each slot. */
  readonly slots: Float64Array;
  /** What was used before each slot. */
  readonly before: Float64Array;
}

/** A register of this usage. It remembers sums, so asking in order of time is quick. */
export function createRegister(usage: Usage): Register {
  const sums: number[] = [0];
  let table = tableOf(usage, firstDay);
  const totalBefore = (day: number): number => {
    for (let known = sums.length; known <= day - firstDay; known += 1) {
      sums.push((sums[known - 1] ?? 0) + usage.dailyTotal(firstDay + known - 1));
    }
    return sums[day - firstDay] ?? 0;
  };
  const slotAt = (at: Moment): { slot: number; share: number } => {
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

/** The middle of a day, for what depends on its weather or season. */
export const noonOf = (day: number): Moment => startOf(day) + dayMs / 2;
