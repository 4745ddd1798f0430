/** Computes the position of the sun over Kranj. */
import { dayMs, hourMs, type EpochMs } from './calendar.ts';

const latitude = (46.24 * Math.PI) / 180;
const longitudeDegrees = 14.36;

/**
 * Elevation of the sun above the horizon in degrees, accurate to about half a degree. The declination assumes a circular orbit, and the
 * equation of time is ignored.
 */
export function sunElevation(at: EpochMs): number {
  const declination = declinationAt(at);
  const solarHour = ((at % dayMs) / hourMs + longitudeDegrees / 15) % 24;
  const hourAngle = ((solarHour - 12) * Math.PI) / 12;
  const sine =
    Math.sin(latitude) * Math.sin(declination) + Math.cos(latitude) * Math.cos(declination) * Math.cos(hourAngle);
  return (Math.asin(sine) * 180) / Math.PI;
}

/** Declination of the sun, in radians. */
function declinationAt(at: EpochMs): number {
  const daysSince2000 = (at - Date.UTC(2000, 0, 1, 12)) / dayMs;
  const eclipticLongitude = ((280.46 + 0.985_647_4 * daysSince2000) * Math.PI) / 180;
  return Math.asin(Math.sin((23.44 * Math.PI) / 180) * Math.sin(eclipticLongitude));
}

/** The times at which the sun passes an elevation in degrees, on a day counted from 1970 (UTC). */
export function sunTimes(day: number, elevation: number): { readonly dawn: EpochMs; readonly dusk: EpochMs } {
  const noon = day * dayMs + (12 - longitudeDegrees / 15) * hourMs;
  const declination = declinationAt(noon);
  const sine = Math.sin((elevation * Math.PI) / 180) - Math.sin(latitude) * Math.sin(declination);
  const halfDayMs = (Math.acos(sine / (Math.cos(latitude) * Math.cos(declination))) * 12 * hourMs) / Math.PI;
  return { dawn: Math.round(noon - halfDayMs), dusk: Math.round(noon + halfDayMs) };
}
