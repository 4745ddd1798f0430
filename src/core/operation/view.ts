/** Reads how a request wants entities to be shown, and writes them that way (clauses 4.5, 4.15, 4.21, 6.3.7). */
import { projectionDepth } from '../language/projection.ts';
import type { Entity } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import { restIfDue } from '../model/interruptible.ts';
import { badData, Problem } from '../model/problem.ts';
import { inParameter } from '../model/read/member.ts';
import { readAttributeName } from '../model/read/name.ts';
import type { Stored } from '../port/store.ts';
import { conform } from '../representation/conform.ts';
import { featureCollectionFrame, renderFeature } from '../representation/geojson.ts';
import { parseLanguagePreference } from '../representation/language.ts';
import { inlineMax, linkedTo } from '../representation/linked.ts';
import { renderEntity } from '../representation/render.ts';
import type { View } from '../representation/view.ts';
import type { ContentOf } from './content.ts';
import { csvOutput } from './csv-output.ts';
import { followLinks } from './linked.ts';
import { listText, type Text } from './long-text.ts';
import type { CallContext } from './operation.ts';
import { readDatasetIds, readFormat, readOptions } from './parameters.ts';
import { type Join, readJoin, readProjection } from './selection.ts';

/** The parameters that define how entities are shown. */
export const outputParameters = [
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
export interface EntityOutput {
  /** JSON text of one entity; undefined when the projection leaves nothing of it (clause 4.21). */
  one(stored: Stored): Promise<Text | undefined>;
  /** JSON text of a list: an array, or a FeatureCollection. */
  many(found: readonly Stored[], content: ContentOf): Promise<Text>;
  /** True when something written had to be converted to an older version (clause 4.3.6.8). */
  readonly isReformatted: () => boolean;
}

/** An entity as an object without @context; undefined when the projection leaves nothing of it. */
type Render = (entity: Entity, view: View) => JsonObject | undefined;

/** The writer that the parameters ask for. `format` takes precedence over `options` (clause 6.3.7). */
export function readEntityOutput(params: Params, call: CallContext): EntityOutput {
  const join = readJoin(params);
  const view = readView(params, call);
  const depth = projectionDepth(view.projection);
  if (depth > (join?.level ?? 0))
    throw badData(
      `What is picked or omitted leads through ${depth} relationships, which needs a join with joinLevel ${depth} or more.`,
    );
  if (call.media === 'csv') {
    if (join) throw badData('CSV has no joins.');
    const older = conforming(call);
    return {
      ...csvOutput(view, { older: (entity) => older.of(entity), yieldToEventLoop: call.services.yieldToEventLoop }),
      isReformatted: older.isReformatted,
    };
  }
  const render = readRenderer(params, call);
  return join ? joined(join, { view, render, call }) : plain(params, { view, render, call });
}

/** Characters of a text from which on other work may come between rendering it and sending it: each takes tens of milliseconds. */
const longText = 1_000_000;

const heldOf = ({ held = 0 }: Stored): number => held;

interface Writing {
  readonly view: View;
  readonly render: Render;
  readonly call: CallContext;
}

/** Writes entities without joins. The text of the same version in the same view is cached. */
function plain(params: Params, { view, render, call }: Writing): EntityOutput {
  const older = conforming(call);
  const asked = JSON.stringify(outputParameters.map((name) => params[name] ?? null));
  const key = `${call.media === 'geo+json' ? 'geo' : 'json'} ${call.context.key} ${asked}`;
  const bare = (stored: Stored): string | undefined => {
    const { id, version, part, isPart = false } = stored;
    const write = (): string => JSON.stringify(render(older.of(stored.entity()), view) ?? null);
    const text =
      isPart || call.version !== undefined
        ? write()
        : call.services.renders.text(
            { tenant: call.storeName, id, version, view: part === undefined ? key : `${key} ${part}` },
            write,
          );
    return text === 'null' ? undefined : text;
  };
  const element = elementWriter(call);
  return {
    isReformatted: older.isReformatted,
    async one(stored) {
      const text = bare(stored);
      if (text === undefined) return undefined;
      if (text.length > longText) await restIfDue(call.services.yieldToEventLoop);
      return withContext(text, call);
    },
    async many(found, content) {
      const whole = (stored: Stored | undefined): string | undefined => stored && element(bare(stored));
      const write = (stored: Stored): string | undefined | Promise<string | undefined> => {
        const known = content(stored);
        return known instanceof Promise ? known.then(whole) : whole(known);
      };
      const { yieldToEventLoop } = call.services;
      const text = await listText(found, { ...frameOf(call), write, heldOf, yieldToEventLoop });
      if (typeof text === 'object' && call.version !== undefined) await older.look(found, content);
      return text;
    },
  };
}

/** Writes entities with the entities that their relationships lead to: inline, or after them in the list (clause 4.5.23). */
function joined({ how, level, containedBy }: Join, { view, render, call }: Writing): EntityOutput {
  const older = conforming(call);
  const write = async (entities: readonly Entity[]): Promise<readonly LazyText[]> => {
    const traversal = { level, containedBy: new Set(containedBy), projection: view.projection };
    const reached = await followLinks(entities, traversal, call);
    const text = (entity: Entity, how: View): LazyText => {
      const conformed = older.of(entity);
      return () => textOf(render(conformed, how));
    };
    if (how === 'flat') {
      return [
        ...entities.map((entity) => text(entity, view)),
        ...reached.map(({ entity, projection }) => text(entity, { ...view, projection })),
      ];
    }
    const linked = linkedTo(
      [...entities, ...reached.map(({ entity }) => entity)].map((entity) => older.of(entity)),
      { level, containedBy, beyond: refuseInline },
    );
    return entities.map((entity) => text(entity, { ...view, linked }));
  };
  const element = elementWriter(call);
  const list = (texts: readonly LazyText[]): Promise<Text> =>
    listText(texts, {
      ...frameOf(call),
      write: (late) => element(late()),
      yieldToEventLoop: call.services.yieldToEventLoop,
    });
  return {
    isReformatted: older.isReformatted,
    async one(stored) {
      const [own, ...linked] = await write([stored.entity()]);
      const only = own?.();
      if (only === undefined) return undefined;
      return linked.length > 0 ? list([() => only, ...linked]) : withContext(only, call);
    },
    many: async (found, content) => list(await write(await contentsOf(found, content))),
  };
}

/** The text of an entity, produced on demand; undefined when the projection leaves nothing of it. */
type LazyText = () => string | undefined;

/** Maximum size of the large entities in one join, in bytes, because all of them must be in memory at once. */
const joinedBytesMax = 16 * 2 ** 20;

async function contentsOf(found: readonly Stored[], content: ContentOf): Promise<readonly Entity[]> {
  const bytes = found.reduce((sum, { size = 0 }) => sum + size, 0);
  if (bytes > joinedBytesMax)
    throw new Problem('TooManyResults', `The entities to be joined have ${bytes} bytes; lower limit.`);
  const entities: Entity[] = [];
  for (const stored of found) {
    const known = await content(stored);
    if (known) entities.push(known.entity());
  }
  return entities;
}

const textOf = (object: JsonObject | undefined): string | undefined => object && JSON.stringify(object);

function refuseInline(): never {
  throw new Problem('TooManyResults', `More than ${inlineMax} entities would be joined inline; lower joinLevel.`);
}

interface Conforming {
  /** The entity in the version that the caller supports. */
  of(entity: Entity): Entity;
  /** Finds out whether any entity has to be converted. */
  look(found: readonly Stored[], content: ContentOf): Promise<void>;
  readonly isReformatted: () => boolean;
}

function conforming({ version, context }: CallContext): Conforming {
  let isReformatted = false;
  const of = (entity: Entity): Entity => {
    const older = version === undefined ? entity : conform(entity, version, context);
    isReformatted ||= older !== entity;
    return older;
  };
  return {
    isReformatted: () => isReformatted,
    of,
    async look(found, content) {
      for (const stored of found) {
        if (isReformatted) return;
        const known = await content(stored);
        if (known) of(known.entity());
      }
    },
  };
}

/** The text before and after the elements of a list. */
const frameOf = (call: CallContext): { readonly open: string; readonly close: string } =>
  call.media === 'geo+json'
    ? featureCollectionFrame(call.isContextInLink ? undefined : call.context.writtenText)
    : { open: '[', close: ']' };

/** Adds the @context to each element of a list, where the media type requires it. */
const elementWriter = (call: CallContext): ((text: string | undefined) => string | undefined) =>
  call.media === 'geo+json' ? (text) => text : (text) => (text === undefined ? undefined : withContext(text, call));

/** The JSON text of an object, with the @context in it when the media type puts it there (clause 6.3.6). */
export function withContext(text: string, { media, context, isContextInLink = false }: CallContext): string {
  if (media === 'json' || isContextInLink) return text;
  const member = `"@context":${context.writtenText}}`;
  return text === '{}' ? `{${member}` : `${text.slice(0, -1)},${member}`;
}

function readRenderer(params: Params, call: CallContext): Render {
  const property = params['geometryProperty'];
  if (call.media !== 'geo+json') {
    if (property !== undefined && !call.services.isTolerant)
      throw badData('The parameter geometryProperty needs the media type application/geo+json.');
    return renderEntity;
  }
  const geometryProperty = inParameter('geometryProperty', () =>
    readAttributeName(property ?? 'location', call.context),
  );
  return (entity, view) => renderFeature(entity, { ...view, geometryProperty });
}

/** The view that the parameters ask for. */
export function readView(params: Params, { context }: CallContext): View {
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
