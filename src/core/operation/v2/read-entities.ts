/** Operations of NGSI v2 that read entities, and single attributes and values of them. */
import type { Filter } from '../../language/filter.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import type { Instance } from '../../model/attribute.ts';
import type { Entity } from '../../model/entity.ts';
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../../model/json.ts';
import type { Stored } from '../../port/store.ts';
import { attributeIris } from '../../v2/names.ts';
import { badRequest } from '../../v2/problem.ts';
import { readUri } from '../../v2/read-entity.ts';
import { renderAttribute, shownInstance, typedValue } from '../../v2/render-attribute.ts';
import { isDateType } from '../../v2/value.ts';
import { createContentOf } from '../content.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../operation.ts';
import { v2ReadHead } from './heads.ts';
import { entitiesText, entityText } from './output.ts';
import { readPage, readV2Options } from '../../v2/page.ts';
import { conditionOf, noAttribute, noEntity, type Params, pathsOf, readNames, readV2View, typesOf } from './request.ts';
import { demandOf, demandOfBody, readOrder, readQueryFilter, readV2Selection } from './selection.ts';
import { valueAnswer } from './value-answer.ts';
import {
  attributesShown,
  type ListDemand,
  pageEverywhere,
  pageHere,
  retrieveWithSources,
  sourcesFor,
} from './with-sources.ts';

export const listV2Entities: Operation = {
  ...v2ReadHead,
  name: 'listV2Entities',
  path: '/v2/entities',
  parameters: [
    ...['id', 'idPattern', 'type', 'typePattern', 'q', 'mq', 'georel', 'geometry', 'coords'],
    ...['attrs', 'metadata', 'orderBy', 'limit', 'offset', 'options'],
  ],
  async run({ params }, call) {
    const list = { filter: await readV2Selection(params, call), demand: demandOf(params, call) };
    return pageAnswer(list, params, call);
  },
};

export const queryV2Entities: Operation = {
  ...v2ReadHead,
  name: 'queryV2Entities',
  method: 'POST',
  path: '/v2/op/query',
  parameters: ['attrs', 'metadata', 'orderBy', 'limit', 'offset', 'options'],
  body: 'object',
  async run({ params, body }, call) {
    if (!isObject(body) || Object.keys(body).length === 0) throw badRequest('empty payload');
    refuseUnknownMembers(body);
    const { attrs, attributes, metadata, expression } = body;
    const [shown, existing] = [listParam('attrs', attrs), listParam('attributes', attributes)];
    const lists = {
      ...(attrs === undefined && existing['attributes'] !== undefined ? { attrs: existing['attributes'] } : shown),
      ...listParam('metadata', metadata),
    };
    const list = { filter: await readQueryFilter(body, call), demand: demandOfBody(body, call) };
    return pageAnswer(list, { ...params, ...lists, ...placeIn(expression) }, call);
  },
};

const queryMembers: ReadonlySet<string> = new Set(['entities', 'attributes', 'attrs', 'expression', 'metadata']);

function refuseUnknownMembers(body: JsonObject): void {
  const names = Object.keys(body);
  if (!names.some((name) => queryMembers.has(name))) throw badRequest('Invalid JSON payload, no relevant fields found');
  const unknown = names.find((name) => !queryMembers.has(name));
  if (unknown !== undefined) throw badRequest(`Unrecognized field in JSON payload: /${unknown}/`);
}

/** The place in the expression of a body, as the parameters that the order `geo:distance` is measured by. */
function placeIn(expression: Json | undefined): Params {
  if (!isObject(expression)) return {};
  const given = ['georel', 'geometry', 'coords'].map((name) => [name, expression[name]] as const);
  return Object.fromEntries(given.flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])));
}

/** A list of names in a body, as the parameter of that name. Names have no commas of their own here. */
function listParam(name: string, json: Json | undefined): Params {
  if (json === undefined) return {};
  if (!isArray(json)) throw badRequest(`the field /${name}/ must be a JSON array`);
  if (!isStrings(json)) throw badRequest(`only JSON Strings allowed in ${name} list`);
  return json.length === 0 ? {} : { [name]: json.join(',') };
}

/** One page of the results. */
async function pageAnswer(
  { filter, demand }: { readonly filter: Filter; readonly demand: ListDemand },
  params: Params,
  call: CallContext,
): Promise<OperationResult> {
  const options = readV2Options(params);
  const view = readV2View(params, call);
  const order = readOrder(params, call);
  const { limit, offset, isCounted } = readPage(params, options);
  const plan = { filter, now: call.now, limit, offset, isLazy: true };
  const list = { plan, order, isCounted, params, demand };
  const index = sourcesFor(params, call);
  const { found, count } = await (index ? pageEverywhere(list, await index, call) : pageHere(list, call));
  const text = await entitiesText(found, { view, content: createContentOf(filter, call) }, call);
  return {
    kind: 'found',
    text,
    page: { limit, offset, hasMore: false, ...(count === undefined ? undefined : { count }) },
  };
}

export const retrieveV2Entity: Operation = {
  ...v2ReadHead,
  name: 'retrieveV2Entity',
  path: '/v2/entities/{id}',
  parameters: ['type', 'attrs', 'metadata', 'options'],
  async run(request, call) {
    const view = readV2View(request.params, call);
    return { kind: 'found', text: entityText(await findOne(request, call), { view }, call) };
  },
};

export const retrieveV2Attributes: Operation = {
  ...v2ReadHead,
  name: 'retrieveV2Attributes',
  path: '/v2/entities/{id}/attrs',
  parameters: ['type', 'attrs', 'metadata', 'options'],
  async run(request, call) {
    const view = readV2View(request.params, call);
    return { kind: 'found', text: entityText(await findOne(request, call), { view, isBare: true }, call) };
  },
};

export const retrieveV2Attribute: Operation = {
  ...v2ReadHead,
  name: 'retrieveV2Attribute',
  path: '/v2/entities/{id}/attrs/{attr}',
  parameters: ['type', 'metadata', 'options'],
  async run(request, call) {
    const { iri, instance, ownerCreatedAt } = await findAttribute(request, call);
    const view = { terms: call.context, metadata: readNames(request.params, 'metadata') };
    return { kind: 'found', text: JSON.stringify(renderAttribute({ iri, instance, ownerCreatedAt }, view)) };
  },
};

export const retrieveV2Value: Operation = {
  ...v2ReadHead,
  name: 'retrieveV2Value',
  path: '/v2/entities/{id}/attrs/{attr}/value',
  parameters: ['type', 'options'],
  media: [],
  async run(request, call) {
    const { instance } = await findAttribute(request, call);
    const { type, value } = typedValue(instance, call.context);
    return valueAnswer({ value, isDate: isDateType(type) }, call);
  },
};

/** The entity that a path names. Throws NotFound. */
async function findOne({ path, params }: OperationRequest, call: CallContext): Promise<Stored> {
  const id = readUri(path['id'] ?? '');
  const stored = await call.store.get(id, call.now);
  const condition = conditionOf(params, pathsOf(call), call);
  const test = condition && compileFilter(condition);
  const fitting = (one: Stored | undefined): Stored | undefined =>
    one && test && !test(one.entity()) ? undefined : one;
  const index = sourcesFor(params, call);
  const local = fitting(stored);
  const attrs = path['attr'] === undefined ? attributesShown(params, call) : attributeIris(path['attr'], call.context);
  const wanted = index && { index: await index, local, types: typesOf(params, call.context), attrs };
  const found = wanted ? fitting(await retrieveWithSources(id, wanted, call)) : local;
  if (!found) throw noEntity();
  return found;
}

interface FoundAttribute {
  readonly iri: string;
  readonly instance: Instance;
  readonly ownerCreatedAt: string;
}

/** The attribute that a path names, with its default instance. Throws NotFound. */
async function findAttribute(request: OperationRequest, call: CallContext): Promise<FoundAttribute> {
  readV2Options(request.params);
  const entity = (await findOne(request, call)).entity();
  const name = request.path['attr'] ?? '';
  const iri = attributeIris(name, call.context).find((one) => hasOwn(entity, one));
  const instance = iri === undefined ? undefined : shownInstance(entity.attrs[iri] ?? []);
  if (iri === undefined || !instance) throw noAttribute();
  return { iri, instance, ownerCreatedAt: entity.createdAt };
}

const hasOwn = ({ attrs }: Entity, iri: string): boolean => Object.hasOwn(attrs, iri);
