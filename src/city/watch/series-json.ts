/** Turns what is kept of a series into a document, and reads it again. */
import { isArray, isObject, isStrings, isWhole, type Json, type JsonObject } from '../../core/model/json.ts';
import { createSeries, type Series } from './detect/series.ts';
import { learntOf } from './detect/ordinary.ts';

/** What must be known of a series to find its rule again. */
export interface SeriesPlace {
  readonly id: string;
  readonly attribute: string;
  readonly datasetId?: string;
  readonly types: readonly string[];
  readonly unitCode?: string;
  /** Longitude and latitude. */
  readonly point?: readonly [number, number];
}

/** The document. The last value is not in it: after a restart, what happens next does not follow it directly. */
export function seriesJson(place: SeriesPlace, series: Series): Json {
  const { pause, rises, falls, ordinary, usual } = series;
  return {
    ...place,
    types: [...place.types],
    ...(place.point ? { point: [...place.point] } : undefined),
    pause,
    rises,
    falls,
    blocks: ordinary.count,
    ended: base64Of(ordinary.ended),
    ...(usual.means ? { means: base64Of(usual.means) } : undefined),
    ...(Number.isNaN(usual.typicalSpread) ? undefined : { typicalSpread: usual.typicalSpread }),
  };
}

/** Reads a document of `seriesJson`. Undefined: it is none. */
export function seriesIn(json: Json | undefined): { readonly place: SeriesPlace; readonly series: Series } | undefined {
  const place = isObject(json) ? placeIn(json) : undefined;
  if (!place || !isObject(json)) return undefined;
  const series = createSeries();
  series.pause = numberIn(json, 'pause') ?? 0;
  series.rises = numberIn(json, 'rises') ?? 0;
  series.falls = numberIn(json, 'falls') ?? 0;
  series.ordinary.count = isWhole(json['blocks']) ? json['blocks'] : 0;
  fill(series.ordinary.ended, json['ended']);
  if (typeof json['means'] === 'string') {
    series.usual.means = new Float32Array(Buffer.from(json['means'], 'base64').length / 4);
    fill(series.usual.means, json['means']);
  }
  series.usual.typicalSpread = numberIn(json, 'typicalSpread') ?? Number.NaN;
  series.learnt = learntOf(series.ordinary);
  return { place, series };
}

function placeIn({ id, attribute, datasetId, types, unitCode, point }: JsonObject): SeriesPlace | undefined {
  if (typeof id !== 'string' || typeof attribute !== 'string' || !isStrings(types)) return undefined;
  const [longitude, latitude] = isArray(point) ? point : [];
  return {
    id,
    attribute,
    types,
    ...(typeof datasetId === 'string' ? { datasetId } : undefined),
    ...(typeof unitCode === 'string' ? { unitCode } : undefined),
    ...(typeof longitude === 'number' && typeof latitude === 'number' ? { point: [longitude, latitude] } : undefined),
  };
}

const numberIn = (json: JsonObject, name: string): number | undefined => {
  const value = json[name];
  return typeof value === 'number' ? value : undefined;
};

const base64Of = (numbers: Float32Array): string =>
  Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64');

function fill(numbers: Float32Array, text: Json | undefined): void {
  if (typeof text !== 'string') return;
  const bytes = Buffer.from(text, 'base64');
  const count = Math.min(numbers.length, bytes.length >> 2);
  for (let place = 0; place < count; place += 1) numbers[place] = bytes.readFloatLE(4 * place);
}
