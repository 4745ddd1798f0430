/** Simulates the readings of a weather station in Kranj. */
import type { JsonObject } from '../../core/model/json.ts';
import { hourMs, type EpochMs } from './calendar.ts';
import { clamp, drift, round } from './chance.ts';
import type { Climate, Weather } from './climate.ts';
import { measured, type SimulationEnvironment } from './entity.ts';

/** The readings of one moment with the timestamp of another. `aboveM` is the height of the station above the town, which lies at 385 m. */
export function weatherReadings(
  { chance, climate }: SimulationEnvironment,
  key: string,
  aboveM: number,
): (of: EpochMs, at: EpochMs) => JsonObject {
  return (of, at) => {
    const weather = climate.weatherAt(of);
    const pressure = (moment: EpochMs): number => climate.weatherAt(moment).pressure - aboveM / 8.4;
    // In an inversion, the air gets warmer with height. Otherwise it gets a degree colder every 150 metres.
    const lapse = aboveM * (weather.inversion > 0.5 ? 0.012 : -0.0065);
    const temperature = weather.temperature + lapse + 0.3 * drift(chance, `${key}/temperature`, of / hourMs);
    const humidity = clamp(weather.humidity + 0.02 * drift(chance, `${key}/damp`, of / hourMs), 0.15, 1);
    return {
      ...warmth(temperature, humidity, { at, windSpeed: weather.windSpeed }),
      atmosphericPressure: measured(round(pressure(of), 1), at, 'A97'),
      pressureTendency: measured(tendency(pressure(of) - pressure(of - 3 * hourMs)), at),
      windSpeed: measured(round(weather.windSpeed, 1), at, 'MTS'),
      gustSpeed: measured(round(weather.gustSpeed, 1), at, 'MTS'),
      windDirection: measured(round(weather.windDirection, 0), at, 'DD'),
      precipitation: measured(round(rainOfHour(climate, of), 1), at, 'MMT'),
      snowHeight: measured(round(Math.max(0, (-0.5 - climate.meanTemperature(of)) * 3), 0), at, 'CMT'),
      solarRadiation: measured(round(weather.irradiance, 0), at, 'D54'),
      illuminance: measured(round(weather.irradiance * 115, 0), at, 'LUX'),
      visibility: measured(visibility(weather), at),
      weatherType: measured(weatherType(weather, temperature), at),
    };
  };
}

interface Felt {
  readonly at: EpochMs;
  readonly windSpeed: number;
}

/** Temperature, apparent temperature (Steadman's formula) and dew point (Magnus' formula). */
function warmth(temperature: number, humidity: number, { at, windSpeed }: Felt): JsonObject {
  const vapour = humidity * 6.105 * Math.exp((17.27 * temperature) / (237.7 + temperature));
  const dew = Math.log(humidity) + (17.62 * temperature) / (243.12 + temperature);
  return {
    temperature: measured(round(temperature, 1), at, 'CEL'),
    feelsLikeTemperature: measured(round(temperature + 0.33 * vapour - 0.7 * windSpeed - 4, 1), at, 'CEL'),
    dewPoint: measured(round((243.12 * dew) / (17.62 - dew), 1), at, 'CEL'),
    relativeHumidity: measured(round(humidity, 2), at, 'C62'),
  };
}

/** Precipitation of the last hour in millimetres. */
function rainOfHour(climate: Climate, at: EpochMs): number {
  const quarters = [0, 1, 2, 3].map((quarter) => climate.weatherAt(at - (quarter * hourMs) / 4).precipitation);
  return quarters.reduce((sum, rate) => sum + rate / 4, 0);
}

function tendency(changeHpa: number): string {
  if (Math.abs(changeHpa) < 0.3) return 'steady';
  return changeHpa > 0 ? 'raising' : 'falling';
}

function visibility({ humidity, precipitation, inversion }: Weather): string {
  if (humidity > 0.97 && inversion > 0.6) return 'veryPoor';
  if (humidity > 0.93 || precipitation > 4) return 'moderate';
  return precipitation > 0 ? 'good' : 'veryGood';
}

function weatherType({ precipitation, cloudCover, humidity }: Weather, temperature: number): string {
  if (precipitation > 0) return temperature < 0.5 ? 'snow' : 'rain';
  if (humidity > 0.97) return 'fog';
  if (cloudCover > 0.75) return 'overcast';
  return cloudCover > 0.35 ? 'partlyCloudy' : 'sunny';
}
