/** Computes when street lights are on and how bright they are, from the sun and the switching programme. */
import { dayMs, hourMs, localTime, type EpochMs } from './calendar.ts';
import { createRegister, type Register } from './register.ts';
import { sunTimes } from './sun.ts';

/** Lights switch at this elevation of the sun in degrees. */
const switchingElevation = -2.5;

/** The start-up time of a lamp. */
const startMs = 2 * 60_000;

/** A switching programme: lights are on all night, and may be dimmed for some hours. */
export interface Programme {
  /** The value of `activeProgramId`, in Slovene: all night, or a reduction by percent. */
  readonly id: string;
  /** The dimming level between two local hours, of which the first is before midnight. */
  readonly dimmed?: { readonly level: number; readonly from: number; readonly to: number };
}

export const programmes = {
  allNight: { id: 'vso-noc' },
  reduced: { id: 'redukcija-50', dimmed: { level: 0.5, from: 23, to: 5 } },
  deep: { id: 'redukcija-70', dimmed: { level: 0.3, from: 22, to: 5 } },
} as const satisfies Record<string, Programme>;

export interface NightState {
  /** 0 is off, 1 full brightness. */
  readonly level: number;
  readonly powerState: 'on' | 'low' | 'off' | 'bootingUp';
  readonly switchedOn: EpochMs;
  readonly switchedOff: EpochMs;
}

/** The state of lights without faults that follow a programme. */
export function nightState({ dimmed }: Programme, at: EpochMs): NightState {
  const day = Math.floor(at / dayMs);
  const { dawn, dusk } = sunTimes(day, switchingElevation);
  const switchedOn = at >= dusk ? dusk : sunTimes(day - 1, switchingElevation).dusk;
  const switchedOff = at >= dawn ? dawn : sunTimes(day - 1, switchingElevation).dawn;
  const switched = { switchedOn, switchedOff };
  if (switchedOff > switchedOn) return { level: 0, powerState: 'off', ...switched };
  if (at - switchedOn < startMs) return { level: 0.2, powerState: 'bootingUp', ...switched };
  const { hour } = localTime(at);
  const isLow = dimmed !== undefined && (hour >= dimmed.from || hour < dimmed.to);
  return isLow ? { level: dimmed.level, powerState: 'low', ...switched } : { level: 1, powerState: 'on', ...switched };
}

/**
 * The burning hours of a programme, counted from the first day of the registers. An hour at half brightness counts as half an hour. Days
 * start at midnight of standard time, which is an hour before midnight UTC.
 */
export function createBurningHours(programme: Programme): Register {
  const levelAt = (at: EpochMs): number => nightState(programme, at).level;
  const quarters = Array.from({ length: 96 }, (_, index) => (index * hourMs) / 4);
  return createRegister({
    dailyTotal: (day) => quarters.reduce((sum, quarter) => sum + levelAt(day * dayMs - hourMs + quarter) / 4, 0),
    weightAt: levelAt,
  });
}
