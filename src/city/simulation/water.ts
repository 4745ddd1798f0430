/** Simulates a water meter: its register, its flow, and the alarms of a leak. */
import type { JsonObject } from '../../core/model/json.ts';
import { dayMs, hourMs, localTime, minuteMs, type EpochMs } from './calendar.ts';
import { bell, between, type Chance, round } from './chance.ts';
import { measured, type SimulationEnvironment } from './entity.ts';
import { type Fault, faultsBetween } from './faults.ts';
import { householdActivity } from './profile.ts';
import { createRegister, type Register } from './register.ts';

/** Registers and leaks start at this moment. */
const begins = Date.UTC(2024, 0, 1);

/** The flow of a leak in litres per hour, from a dripping cistern to a burst pipe. */
const leakFlow = ({ strength }: Fault): number => 15 + 75 * strength;

/** The durations of water flow in the terms of the data model, by hours. */
const durations: readonly (readonly [hours: number, text: string])[] = [
  [48, '2d < 4d'],
  [24, '24h < 2d'],
  [12, '12h < 24h'],
  [6, '6h < 12h'],
  [3, '3h < 6h'],
  [1, '60m < 3h'],
  [0.25, '15m < 60m'],
];

export function waterReadings({ chance }: SimulationEnvironment, name: string): (at: EpochMs) => JsonObject {
  const startLitres = between(chance, `${name}/start`, [20_000, 600_000]);
  const register = createTap(chance, name);
  return (at) => {
    const leaks = faultsBetween(chance, { kind: 'leak', name }, [begins, at + 1]);
    const leakedLitres = leaks
      .map((leak) => (leakFlow(leak) * (Math.min(at, leak.until) - Math.max(begins, leak.since))) / hourMs)
      .reduce((sum, litres) => sum + litres, 0);
    const last = leaks.at(-1);
    const always = last && at < last.until ? leakFlow(last) : 0;
    const rates = [at, at - hourMs / 4, at - hourMs / 2, at - (3 * hourMs) / 4].map((moment) => register.rate(moment));
    return {
      waterConsumption: measured(round((startLitres + register.total(at) + leakedLitres) / 1000, 3), at, 'MTQ'),
      // Within a quarter of an hour the maximum flow is a few times the mean.
      maxFlow: measured(round(always + 4 * Math.max(...rates), 0), at, 'E32'),
      minFlow: measured(round(always, 1), at, 'E32'),
      ...alarms(last, at),
    };
  };
}

/** The consumption of a household without leaks. */
function createTap(chance: Chance, name: string): Register {
  const dailyLitres = between(chance, `${name}/size`, [180, 520]);
  return createRegister({
    dailyTotal: (day) => dailyLitres * Math.max(0.15, 1 + 0.25 * bell(chance, name, day)),
    weightAt(at) {
      const time = localTime(at);
      // Consumption is zero at night, so a leak can be distinguished from use.
      if (time.hour >= 1 && time.hour < 4.5) return 0;
      return householdActivity(time) * (0.4 + 1.2 * chance(`${name}/tap`, Math.floor(at / (15 * minuteMs))));
    },
  });
}

/** The alarms of the latest leak, which may be over. */
function alarms(leak: Fault | undefined, at: EpochMs): JsonObject {
  const isOver = leak === undefined || at >= leak.until;
  const hours = leak ? (Math.min(at, leak.until) - leak.since) / hourMs : 0;
  const duration = durations.find(([least]) => hours >= least);
  const isAlarm = !isOver && hours >= 6;
  return {
    alarmFlowPersistence: measured(persistence(leak, at), at),
    ...(duration ? { persistenceFlowDuration: measured(duration[1], at) } : undefined),
    alarmInProgress: measured(isAlarm ? 1 : 0, at),
    alarmStopsLeaks: measured(isAlarm ? 1 : 0, at),
    alarmTamper: measured(0, at),
  };
}

function persistence(leak: Fault | undefined, at: EpochMs): string {
  if (!leak || at >= leak.until + dayMs) return 'Nothing to report';
  if (at >= leak.until) return 'Past Persistence during the period';
  return at - leak.since >= 6 * hourMs ? 'In progress impacting persistence' : 'In progress persistence';
}
