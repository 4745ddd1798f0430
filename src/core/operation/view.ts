/** Reads how entities are to be shown, and shows them so (clauses 4.5, 4.15, 4.21, 6.3.7). */
import { parseProjection } from '../language/projection.ts';
import { badData } from '../model/problem.ts';
import type { Stored } from '../port/store.ts';
import { renderFeature, renderFeatureCollection } from '../representation/geojson.ts';
import { parseLanguagePreference } from '../representation/language.ts';
import { renderEntity, type View } from '../representation/render.ts';
import type { Call } from './operation.ts';
import { readFormat, readList, readOptions } from './parameters.ts';

/** The parameters that say how entities are shown. */
export const shownParameters = ['attrs', 'pick', 'omit', 'format', 'options', 'lang', 'datasetId', 'geometryProperty'] as const;

const formats = ['normalized', 'concise', 'simplified', 'keyValues'] as const;
type Format = (typeof formats)[number];
type Params = Readonly<Record<string, string>>;

/** How the entities of one answer are written. */
export interface Shown {
  /** JSON text of one entity; undefined when nothing of it is left (clause 4.21). */
  one(stored: Stored): string | undefined;
  /** JSON text of a list: an array, or a FeatureCollection. */
  many(found: readonly Stored[]): Promise<string>;
}

/** The view that the parameters ask for. `format` wins over `options` (clause 6.3.7). */
export function readShown(params: Params, call: Call): Shown {
  const view = readView(params, call);
  const viewKey = `${call.media} ${call.context.key} ${JSON.stringify(shownParameters.map((name) => params[name] ?? null))}`;
  const one = (stored: Stored): string | undefined => {
    const render = (): string => textOf(stored, view, call);
    const text = stored.isPart ? render() : call.world.renders.text(stored, viewKey, render);
    return text === '' ? undefined : text;
  };
  return { one, many: (found) => listOf(found, one, call) };
}

function readView(params: Params, { context, now }: Call): View {
  const options = readOptions<Format | 'sysAttrs'>(params, [...formats, 'sysAttrs']);
  const format = readFormat<Format>(params, formats) ?? formats.find((one) => options.has(one)) ?? 'normalized';
  const projection = parseProjection(params, context);
  if (projection.attrs && (projection.pick ?? projection.omit)) throw badData('The parameter attrs cannot stand beside pick or omit.');
  const datasetIds = readList(params, 'datasetId');
  const lang = params['lang'];
  return {
    terms: context,
    format: format === 'keyValues' ? 'simplified' : format,
    sysAttrs: options.has('sysAttrs'),
    projection,
    now,
    ...(lang === undefined ? undefined : { lang: parseLanguagePreference(lang) }),
    ...(datasetIds ? { datasetIds } : undefined),
  };
}
