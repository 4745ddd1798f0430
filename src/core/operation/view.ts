/** Reads how entities are to be shown, and shows them so (clauses 4.5, 4.15, 4.21, 6.3.7). */
import { parseProjection } from '../language/projection.ts';
import type { Entity } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { readAttributeName } from '../model/read/name.ts';
import type { Stored } from '../port/store.ts';
import { featureCollectionText, renderFeature } from '../representation/geojson.ts';
import { parseLanguagePreference } from '../representation/language.ts';
import { renderEntity } from '../representation/render.ts';
import type { View } from '../representation/view.ts';
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
  const render = readRenderer(params, call);
  const key = `${call.media === 'geo+json' ? 'geo' : 'json'} ${call.context.key} ${shownParameters.map((name) => params[name] ?? '').join('&')}`;
  const bare = (stored: Stored): string | undefined => {
    const { id, version, isPart = false } = stored;
    const write = (): string => JSON.stringify(render(stored.entity()) ?? null);
    const text = isPart ? write() : call.world.renders.text({ tenant: call.tenant, id, version, view: key }, write);
    return text === 'null' ? undefined : text;
  };
  return {
    one: (stored) => {
      const text = bare(stored);
      return text === undefined ? undefined : withContext(text, call);
    },
    many: (found) => listOf(found, bare, call),
  };
}

/** The texts of a list, with pauses: writing a thousand entities takes longer than others should wait. */
async function listOf(found: readonly Stored[], bare: (stored: Stored) => string | undefined, call: Call): Promise<string> {
  const isGeo = call.media === 'geo+json';
  const texts: string[] = [];
  for (const stored of found) {
    const pause = call.world.breathe();
    if (pause) await pause;
    const text = bare(stored);
    if (text !== undefined) texts.push(isGeo ? text : withContext(text, call));
  }
  return isGeo ? featureCollectionText(texts, call.context.echo) : `[${texts.join(',')}]`;
}

/** The JSON text of an object, with the @context in it where the media type puts it there (clause 6.3.6). */
export function withContext(text: string, { media, context }: Call): string {
  if (media === 'json') return text;
  const member = `"@context":${JSON.stringify(context.echo)}}`;
  return text === '{}' ? `{${member}` : `${text.slice(0, -1)},${member}`;
}

function readRenderer(params: Params, call: Call): (entity: Entity) => JsonObject | undefined {
  const view = readView(params, call);
  const property = params['geometryProperty'];
  if (call.media !== 'geo+json') {
    if (property !== undefined) throw badData('The parameter geometryProperty needs the media type application/geo+json.');
    return (entity) => renderEntity(entity, view);
  }
  const geometryProperty = readAttributeName(property ?? 'location', call.context);
  return (entity) => renderFeature(entity, { ...view, geometryProperty });
}

function readView(params: Params, { context }: Call): View {
  const options = readOptions<Format | 'sysAttrs'>(params, [...formats, 'sysAttrs']);
  const format = readFormat<Format>(params, formats) ?? formats.find((one) => options.has(one)) ?? 'normalized';
  const projection = parseProjection(params, context);
  const datasetIds = readList(params, 'datasetId');
  const lang = params['lang'];
  return {
    terms: context,
    format: format === 'keyValues' ? 'simplified' : format,
    sysAttrs: options.has('sysAttrs'),
    projection,
    ...(lang === undefined ? undefined : { lang: parseLanguagePreference(lang) }),
    ...(datasetIds ? { datasetIds } : undefined),
  };
}
