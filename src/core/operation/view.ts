/** Reads how entities are to be shown, and shows them so (clauses 4.5, 4.15, 4.21, 6.3.7). */
import { projectionDepth } from '../language/projection.ts';
import type { Entity } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import { badData, Problem } from '../model/problem.ts';
import { inParameter } from '../model/read/member.ts';
import { readAttributeName } from '../model/read/name.ts';
import type { Stored } from '../port/store.ts';
import { conform } from '../representation/conform.ts';
import { featureCollectionText, renderFeature } from '../representation/geojson.ts';
import { parseLanguagePreference } from '../representation/language.ts';
import { inlineMax, linkedTo } from '../representation/linked.ts';
import { renderEntity } from '../representation/render.ts';
import type { View } from '../representation/view.ts';
import { followLinks } from './linked.ts';
import type { Call } from './operation.ts';
import { readDatasetIds, readFormat, readOptions } from './parameters.ts';
import { type Join, readJoin, readProjection } from './selection.ts';

/** The parameters that say how entities are shown. */
export const shownParameters = [
  'attrs',
  'pick',
  'omit',
  'format',
  'options',
  'lang',
  'datasetId',
  'geometryProperty',
  'join',
  'joinLevel',
  'containedBy',
] as const;

const formats = ['normalized', 'concise', 'simplified', 'keyValues'] as const;
type Format = (typeof formats)[number];
type Params = Readonly<Record<string, string>>;

/** How the entities of one answer are written. */
export interface Shown {
  /** JSON text of one entity; undefined when nothing of it is left (clause 4.21). */
  one(stored: Stored): Promise<string | undefined>;
  /** JSON text of a list: an array, or a FeatureCollection. */
  many(found: readonly Stored[]): Promise<string>;
  /** True when something written had to be said in the words of an older version (clause 4.3.6.8). */
  readonly isReformatted: () => boolean;
}

/** An entity as an object without @context; undefined when nothing of it is left. */
type Render = (entity: Entity, view: View) => JsonObject | undefined;

/** The view that the parameters ask for. `format` wins over `options` (clause 6.3.7). */
export function readShown(params: Params, call: Call): Shown {
  const join = readJoin(params);
  const view = readView(params, call);
  const depth = projectionDepth(view.projection);
  if (depth > (join?.level ?? 0))
    throw badData(
      `What is picked or omitted leads through ${depth} relationships, which needs a join with joinLevel ${depth} or more.`,
    );
  const render = readRenderer(params, call);
  return join ? joined(join, { view, render, call }) : plain(params, { view, render, call });
}

interface Writing {
  readonly view: View;
  readonly render: Render;
  readonly call: Call;
}

/** Entities as they are: texts of the same version and view are written once. */
function plain(params: Params, { view, render, call }: Writing): Shown {
  const older = conforming(call);
  const asked = JSON.stringify(shownParameters.map((name) => params[name] ?? null));
  const key = `${call.media === 'geo+json' ? 'geo' : 'json'} ${call.context.key} ${asked}`;
  const bare = (stored: Stored): string | undefined => {
    const { id, version, isPart = false } = stored;
    const write = (): string => JSON.stringify(render(older.of(stored.entity()), view) ?? null);
    const text =
      isPart || call.version !== undefined
        ? write()
        : call.world.renders.text({ tenant: call.tenant, id, version, view: key }, write);
    return text === 'null' ? undefined : text;
  };
  return {
    isReformatted: older.isReformatted,
    one(stored) {
      const text = bare(stored);
      return Promise.resolve(text === undefined ? undefined : withContext(text, call));
    },
    many: async (found) => listText(await textsOf(found, bare, call), call),
  };
}

/** Entities with those that their relationships lead to: in place of the URIs, or behind them (clause 4.5.23). */
function joined({ how, level, containedBy }: Join, { view, render, call }: Writing): Shown {
  const older = conforming(call);
  const write = async (found: readonly Stored[]): Promise<{ own: Texts; linked: Texts }> => {
    const entities = found.map((stored) => stored.entity());
    const reached = await followLinks(
      entities,
      { level, containedBy: new Set(containedBy), projection: view.projection },
      call,
    );
    const text = (entity: Entity, how: View): string | undefined => textOf(render(older.of(entity), how));
    if (how === 'flat') {
      return {
        own: await textsOf(entities, (entity) => text(entity, view), call),
        linked: await textsOf(reached, ({ entity, projection }) => text(entity, { ...view, projection }), call),
      };
    }
    const linked = linkedTo(
      [...entities, ...reached.map(({ entity }) => entity)].map((entity) => older.of(entity)),
      { level, containedBy, beyond: refuseInline },
    );
    const inline: View = { ...view, linked };
    return { own: await textsOf(entities, (entity) => text(entity, inline), call), linked: [] };
  };
  return {
    isReformatted: older.isReformatted,
    async one(stored) {
      const { own, linked } = await write([stored]);
      const [only] = own;
      if (only === undefined) return undefined;
      return linked.length > 0 ? listText([only, ...linked], call) : withContext(only, call);
    },
    async many(found) {
      const { own, linked } = await write(found);
      return listText([...own, ...linked], call);
    },
  };
}

type Texts = readonly string[];

const textOf = (object: JsonObject | undefined): string | undefined => object && JSON.stringify(object);

function refuseInline(): never {
  throw new Problem('TooManyResults', `More than ${inlineMax} entities would be joined inline; lower joinLevel.`);
}

/** Entities in the words of the version that the caller knows. */
function conforming({ version, context }: Call): { of(entity: Entity): Entity; readonly isReformatted: () => boolean } {
  let isReformatted = false;
  return {
    isReformatted: () => isReformatted,
    of(entity) {
      const older = version === undefined ? entity : conform(entity, version, context);
      isReformatted ||= older !== entity;
      return older;
    },
  };
}

/** The texts of a list, with pauses: writing a thousand entities takes longer than others should wait. */
async function textsOf<T>(
  elements: readonly T[],
  write: (element: T) => string | undefined,
  { world }: Call,
): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const element of elements) {
    const pause = world.breathe();
    if (pause) await pause;
    const text = write(element);
    if (text !== undefined) texts.push(text);
  }
  return texts;
}

function listText(texts: readonly string[], call: Call): string {
  if (call.media === 'geo+json')
    return featureCollectionText(texts, call.isContextInLink ? undefined : call.context.writtenText);
  return `[${texts.map((text) => withContext(text, call)).join(',')}]`;
}

/** The JSON text of an object, with the @context in it where the media type puts it there (clause 6.3.6). */
export function withContext(text: string, { media, context, isContextInLink = false }: Call): string {
  if (media === 'json' || isContextInLink) return text;
  const member = `"@context":${context.writtenText}}`;
  return text === '{}' ? `{${member}` : `${text.slice(0, -1)},${member}`;
}

function readRenderer(params: Params, call: Call): Render {
  const property = params['geometryProperty'];
  if (call.media !== 'geo+json') {
    if (property !== undefined && !call.world.isTolerant)
      throw badData('The parameter geometryProperty needs the media type application/geo+json.');
    return renderEntity;
  }
  const geometryProperty = inParameter('geometryProperty', () =>
    readAttributeName(property ?? 'location', call.context),
  );
  return (entity, view) => renderFeature(entity, { ...view, geometryProperty });
}

function readView(params: Params, { context }: Call): View {
  const options = readOptions<Format | 'sysAttrs'>(params, [...formats, 'sysAttrs']);
  const format = readFormat<Format>(params, formats) ?? formats.find((one) => options.has(one)) ?? 'normalized';
  const datasetIds = readDatasetIds(params);
  const lang = params['lang'];
  return {
    terms: context,
    format: format === 'keyValues' ? 'simplified' : format,
    sysAttrs: options.has('sysAttrs'),
    projection: readProjection(params, context),
    ...(lang === undefined ? undefined : { lang: parseLanguagePreference(lang) }),
    ...(datasetIds ? { datasetIds: new Set(datasetIds) } : undefined),
  };
}
