/** Parses how the notifications of a subscription are rendered: `notification`, `lang` and `datasetId` (clauses 5.2.12, 5.2.14). */
import type { Context } from '../jsonld/context.ts';
import { parseProjection, type Projection, projectionDepth } from '../language/projection.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted, readId } from '../model/read/id.ts';
import { inMember } from '../model/read/member.ts';
import { parseLanguagePreference } from '../representation/language.ts';
import { type MinorVersion, readVersion } from '../representation/conform.ts';
import type { View } from '../representation/view.ts';
import { notificationOutputs } from '../model/subscription.ts';
import { type Members, readBoolean, readNames, readText, refuseMembers } from '../model/read/json-member.ts';
import type { ChangeView, Trigger } from './plan.ts';

const members: Members = {
  known: ['attributes', 'pick', 'omit', 'format', 'sysAttrs', 'showChanges', ...notificationOutputs],
  unsupported: {
    endpoint: 'notifications go to whoever subscribes, over the same connection',
    join: 'linked entities are not joined in notifications',
    joinLevel: 'linked entities are not joined in notifications',
  },
};

const formats = ['normalized', 'concise', 'simplified', 'keyValues'] as const;

interface ChangeViewOptions {
  readonly context: Context;
  readonly asked: ReadonlySet<Trigger>;
  readonly watched: ReadonlySet<string> | undefined;
  /** The most relationships that projections may follow. */
  readonly depthMax?: number;
}

/** How a subscription renders changes. `context` gives the names. Throws BadRequestData or OperationNotSupported. */
export function readChangeView(
  json: JsonObject,
  { context, asked, watched, depthMax = 0 }: ChangeViewOptions,
): ChangeView {
  const notification = json['notification'] ?? {};
  if (!isObject(notification))
    throw badData(`The notification of a subscription must be an object, not ${quoted(notification)}.`);
  refuseMembers(notification, members, 'the notification of a subscription');
  const view = readView(json, notification, { context, depthMax });
  const showChanges = readBoolean(notification, 'showChanges') ?? false;
  if (showChanges && view.format === 'simplified')
    throw badData('The showChanges of a notification needs the format normalized or concise.');
  const version = readConformance(json);
  const loss = lossOf(asked);
  const showsDeleted = asked.has('attributeDeleted');
  return {
    key: keyOf(json, { context, asked, watched }),
    view,
    ...(version === undefined ? undefined : { version }),
    showChanges,
    loss,
    showsDeleted,
    ...(watched ? { watched } : undefined),
  };
}

function lossOf(asked: ReadonlySet<Trigger>): ChangeView['loss'] {
  if (asked.has('entityDeleted')) return 'entity';
  return asked.has('attributeDeleted') ? 'attributes' : 'none';
}

/** Everything that the text of a change depends on besides the change. Watched attributes matter only when their deletion is shown. */
function keyOf(
  { notification = {}, lang = null, datasetId = null, ngsildConformance = null }: JsonObject,
  { context, asked, watched }: ChangeViewOptions,
): string {
  const loss = lossOf(asked);
  const names: Json = loss === 'attributes' && watched ? [...watched] : null;
  const rendering = [notification, lang, datasetId, ngsildConformance];
  return JSON.stringify([context.key, loss, asked.has('attributeDeleted'), names, ...rendering]);
}

/** The version of the standard that the receiver understands (clauses 4.3.6.8, 5.2.12). Throws BadRequestData. */
export function readConformance(json: JsonObject): MinorVersion | undefined {
  const text = readText(json, 'ngsildConformance');
  if (text === undefined) return undefined;
  const version = readVersion(text);
  if (version === undefined)
    throw badData(`The ngsildConformance must be a version of the standard such as 1.3, not ${quoted(text)}.`);
  return version;
}

interface Naming {
  readonly context: Context;
  readonly depthMax: number;
}

function readView(json: JsonObject, notification: JsonObject, { context, depthMax }: Naming): View {
  const lang = readText(json, 'lang');
  const datasetIds = readDatasetIds(json);
  return {
    terms: context,
    format: readFormat(notification),
    sysAttrs: readBoolean(notification, 'sysAttrs') ?? false,
    projection: readProjection(notification, { context, depthMax }),
    ...(lang === undefined ? undefined : { lang: inMember('lang', () => parseLanguagePreference(lang)) }),
    ...(datasetIds ? { datasetIds: new Set(datasetIds) } : undefined),
  };
}

/** `attributes` corresponds to the query parameter `attrs`. */
function readProjection(notification: JsonObject, { context, depthMax }: Naming): Projection {
  const given = [
    ['attrs', readNames(notification, 'attributes')],
    ['pick', readNames(notification, 'pick')],
    ['omit', readNames(notification, 'omit')],
  ] as const;
  const params = given.flatMap(([name, names]): [string, string][] => (names ? [[name, names.join(',')]] : []));
  const member = given.flatMap(([name, names]) => (names ? [name === 'attrs' ? 'attributes' : name] : [])).join(', ');
  const projection = inMember(`notification.${member}`, () => parseProjection(Object.fromEntries(params), context));
  const depth = projectionDepth(projection);
  if (depth <= depthMax) return projection;
  if (depthMax > 0)
    throw badData(
      `What the notification shows leads through ${depth} relationships, which needs a joinLevel of ${depth} or more.`,
    );
  throw badData(
    'A notification holds no linked entities, so its attributes, pick and omit cannot name what is in them.',
  );
}

function readFormat(notification: JsonObject): View['format'] {
  const { format = 'normalized' } = notification;
  const known = formats.find((one) => one === format);
  if (known === undefined)
    throw badData(`The format of a notification may be ${formats.join(', ')}, not ${quoted(format)}.`);
  return known === 'keyValues' ? 'simplified' : known;
}

const readDatasetIds = (json: JsonObject): readonly string[] | undefined =>
  readNames(json, 'datasetId')?.map((id) => (id === '@none' ? id : readId(id, 'a datasetId of the subscription')));
