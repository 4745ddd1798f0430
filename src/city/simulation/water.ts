/** What a water meter reads: its register, its flow, and the alarms of a leak. */
import type { JsonObject } from '../../core/model/json.ts';
import { hourMs, localTime, minuteMs, type Moment } from './calendar.ts';
import { bell, between, round } from './chance.ts';
import { measured, type Surroundings } from './entity.ts';
import { type Fault, faultsBetween } from './faults.ts';
import { householdActivity } from './profile.ts';
import { createRegister } from './register.ts';

/** Registers, and leaks with them, begin here. */
const begins = Date.UTC(2024, 0, 1);

/** Litres per hour that run through a leak: from a dripping cistern to a burst pipe. */
const leakFlow = ({ strength }: Fault): number => 15 + 75 * strength;

/** The model's words for how long water has been running, by hours. */
const durations: readonly (readonly [hours: number, text: string])[] = [
  [48, '2d < 4d'],
  [24, '24h < 2d'],
  [12, '12h < 24h'],
  [6, '6h < 12h'],
  [3, '3h < 6h'],
  [1, '60m < 3h'],
  [0.25, '15m < 60m'],
];

export function waterReadings({ chance, faultAt }: Surroundings, name: string): (at: Moment) => JsonObject {
  const dailyLitres = between(chance, `${name}/size`, [180, 520]);
  const startLitres = between(chance, `${name}/start`, [20_000, 600_000]);
  const register = createRegister({
    dailyTotal: (day) => dailyLitres * Math.max(0.15, 1 + 0.25 * bell(chance, name, day)),
    weightAt(at) {
      const { hour } = localTime(at);
      const isNight = hour >= 1 && hour < 4.5;
      // A household draws no water at all in most quarters of an hour at night: this is how a leak is told from use.
      return isNight
        ? 0
        : householdActivity(localTime(at)) * (0.4 + 1.2 * chance(`${name}/tap`, Math.floor(at / (15 * minuteMs))));
    },
  });
  const leakedLitres = (at: Moment): number =>
    faultsBetween(chance, { kind: 'leak', name }, [begins, at])
      .map((leak) => (leakFlow(leak) * (Math.min(at, leak.until) - Math.max(begins, leak.since))) / hourMs)
      .reduce((sum, litres) => sum + litres, 0);
  return (at) => {
    const leak = faultAt('leak', name, at);
    const always = leak ? leakFlow(leak) : 0;
    const litres = startLitres + register.total(at) + leakedLitres(at);
    const rates = [at, at - hourMs / 4, at - hourMs / 2, at - (3 * hourMs) / 4].map((moment) => register.rate(moment));
    return {
      waterConsumption: measured(round(litres / 1000, 3), at, 'MTQ'),
      // Within a quarter of an hour a tap runs a few times as fast as the mean of that quarter.
      maxFlow: measured(round(always + 4 * Math.max(...rates), 0), at, 'E32'),
      minFlow: measured(round(always, 1), at, 'E32'),
      ...alarms(leak, at),
    };
  };
}

function alarms(leak: Fault | undefined, at: Moment): JsonObject {
  const hours = leak ? (at - leak.since) / hourMs : 0;
  const duration = durations.find(([least]) => hours >= least);
  const isAlarm = hours >= 6;
  return {
    alarmFlowPersistence: measured(persistence(leak, isAlarm), at),
    ...(duration ? { persistenceFlowDuration: measured(duration[1], at) } : undefined),
    alarmInProgress: measured(isAlarm ? 1 : 0, at),
    alarmStopsLeaks: measured(isAlarm ? 1 : 0, at),
    alarmTamper: measured(0, at),
  };
}

function persistence(leak: Fault | undefined, isAlarm: boolean): string {
  if (!leak) return 'Nothing to report';
  if (!isAlarm) return 'In progress persistence';
  return 'In progress impacting persistence';
}
