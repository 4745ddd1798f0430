/** Operations on one attribute, or on its value alone, as the draft of NGSI-LD 2.0 has them (TS 104 175 clauses 10.2.6 and 10.4.4). */
import type { Instance } from '../../model/attribute.ts';
import type { Entity } from '../../model/entity.ts';
import { isArray, type Json } from '../../model/json.ts';
import { valueFragment } from '../../model/mutate-attribute.ts';
import type { Mutation } from '../../model/mutation.ts';
import { badData, Problem } from '../../model/problem.ts';
import { readAttributeName } from '../../model/read/name.ts';
import { vocabMax } from '../../model/read/value.ts';
import type { Stored } from '../../port/store.ts';
import { conform } from '../../representation/conform.ts';
import { renderInstances, renderObject, shownValue } from '../../representation/instance.ts';
import { parseLanguagePreference } from '../../representation/language.ts';
import { instancesOf } from '../../representation/render.ts';
import type { View } from '../../representation/view.ts';
import { type Merged, registrationsForRead, retrieveMerged } from '../distributed/distributed-read.ts';
import { distributed } from '../distributed/distributed-write.ts';
import { readHead, writeHead } from '../heads.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../operation.ts';
import { readDatasetId, readEntityId, readObservedAt } from '../parameters.ts';
import { readView, withContext } from '../view.ts';
import { applyOne, checkFragment, updateAnswer } from '../writing.ts';
import { isOfType, withWarnings } from './read-entities.ts';

type Found = Extract<OperationResult, { kind: 'found' }>;

export const retrieveEntityAttribute: Operation = {
  ...readHead,
  name: 'retrieveEntityAttribute',
  clause: '5.7.1',
  path: '/entities/{id}/attrs/{attr}',
  parameters: ['format', 'options', 'lang', 'datasetId', 'type', 'local', 'explain'],
  async run(request, call) {
    const attr = attributeIn(request, call);
    const view = readView(request.params, call);
    const { found, warnings } = await findEntity(request, attr, call);
    return withWarnings(warnings, () => Promise.resolve(attributeAnswer(found(), { attr, view }, call)));
  },
};

export const retrieveAttributeValue: Operation = {
  ...readHead,
  name: 'retrieveAttributeValue',
  clause: '5.7.1',
  path: '/entities/{id}/attrs/{attr}/value',
  parameters: ['lang', 'datasetId', 'type', 'local', 'explain'],
  async run(request, call) {
    const attr = attributeIn(request, call);
    const datasetId = readDatasetId(request.params);
    const { lang } = request.params;
    const shown = lang === undefined ? {} : { lang: parseLanguagePreference(lang) };
    const { found, warnings } = await findEntity(request, attr, call);
    return withWarnings(warnings, () => {
      const instances = found().attrs[attr] ?? [];
      const instance = instances.find((one) => one.datasetId === datasetId);
      if (!instance) throw notThere(request, attr);
      const { value } = shownValue(instance, { terms: call.context, format: 'normalized', ...shown });
      return Promise.resolve({ kind: 'found', text: JSON.stringify(value), media: 'json' });
    });
  },
};

export const setAttributeValue: Operation = distributed({
  ...writeHead,
  name: 'setAttributeValue',
  clause: '5.6.4',
  method: 'PUT',
  path: '/entities/{id}/attrs/{attr}/value',
  parameters: ['datasetId', 'observedAt', 'type', 'local', 'explain'],
  body: 'value',
  distribution: { name: 'updateAttrs', about: 'attribute' },
  read(request, call): SetValue {
    const json = request.body ?? null;
    const [datasetId, observedAt] = [readDatasetId(request.params), readObservedAt(request.params)];
    return {
      op: 'setValue',
      id: readEntityId(request),
      attr: attributeIn(request, call),
      json,
      vocab: expanded(json, call),
      ...(datasetId === undefined ? undefined : { datasetId }),
      ...(observedAt === undefined ? undefined : { observedAt }),
    };
  },
  async write(mutation, request, call) {
    await checkValue(mutation, call);
    return updateAnswer(await applyOne(mutation, request, call));
  },
});

type SetValue = Extract<Mutation, { readonly op: 'setValue' }>;

/** Checks the value against data models. A value that does not fit the attribute is refused when it is written. */
async function checkValue(mutation: SetValue, call: CallContext): Promise<void> {
  const { id, attr } = mutation;
  if (!call.services.models.concerns({ [attr]: [] })) return;
  const entity = (await call.store.get(id, call.now))?.entity();
  if (entity?.attrs[attr] === undefined) return;
  checkFragment({ id, attrs: { [attr]: [valueFragment(entity, mutation)] } }, entity.types, call);
}

/** The expanded name of the attribute in the path. */
function attributeIn({ path }: OperationRequest, { context }: CallContext): string {
  const name = path['attr'] ?? '';
  if (name === 'scope') throw badData('The scope is no attribute; read or patch the entity instead.');
  return readAttributeName(name, context);
}

/** Terms, alone or in an array, as IRIs. More terms than a VocabProperty takes stay as they are. */
function expanded(json: Json, { context }: CallContext): Json {
  if (typeof json === 'string') return context.expand(json);
  return isArray(json) && json.length <= vocabMax
    ? json.map((one) => (typeof one === 'string' ? context.expand(one) : one))
    : json;
}

/** The entity of the path, from here and from context sources. `found` throws ResourceNotFound. */
async function findEntity(request: OperationRequest, attr: string, call: CallContext): Promise<Merged<() => Entity>> {
  const id = readEntityId(request);
  const { params } = request;
  const index = registrationsForRead(params, call);
  const local = await call.store.get(id, call.now);
  const { found, warnings }: Merged<Stored | undefined> = index
    ? await retrieveMerged(id, { index: await index, local, filter: { attrs: [attr] }, projection: {}, params }, call)
    : { found: local, warnings: [] };
  return {
    warnings,
    found() {
      if (found && isOfType(found, params['type'], call.context)) return found.entity();
      throw new Problem('ResourceNotFound', `No entity has the id ${id}.`);
    },
  };
}

interface Shown {
  readonly attr: string;
  readonly view: View;
}

function attributeAnswer(entity: Entity, { attr, view }: Shown, call: CallContext): Found {
  const { version, context } = call;
  const conformed = version === undefined ? entity : conform(entity, version, context);
  const all = conformed.attrs[attr] ?? [];
  const instances = view.datasetIds ? instancesOf(all, view.datasetIds) : all;
  if (instances.length === 0) throw notThere({ path: { id: entity.id } }, attr);
  return { kind: 'found', ...attributeText(instances, view, { call, entity }), isReformatted: conformed !== entity };
}

/** In JSON-LD every instance has the @context. A bare value has no place for it: it is plain JSON. */
function attributeText(
  instances: readonly Instance[],
  view: View,
  { call, entity: { createdAt } }: { readonly call: CallContext; readonly entity: Entity },
): Pick<Found, 'text' | 'media'> {
  if (call.media === 'json' || view.format === 'simplified')
    return { text: JSON.stringify(renderInstances(instances, view, createdAt)), media: 'json' };
  const texts = instances.map((one) => withContext(JSON.stringify(renderObject(one, view, createdAt)), call));
  return { text: texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(',')}]` };
}

const notThere = ({ path: { id = '' } }: Pick<OperationRequest, 'path'>, attr: string): Problem =>
  new Problem('ResourceNotFound', `The entity ${id} has no such instance of the attribute ${attr}.`);
