/** Operations of QuantumLeap's API that read histories. */
import type { Json, JsonObject } from '../../../model/json.ts';
import { v2IdOf } from '../../../model/v2/id.ts';
import type { Micros } from '../../../model/instant.ts';
import { microsOfInstant } from '../../../model/instant.ts';
import { timeOf } from '../../../language/temporal-query.ts';
import { typeName } from '../../../v2/names.ts';
import type { CallContext, Operation } from '../../operation.ts';
import { v2ReadHead } from '../heads.ts';
import { type HistoryEntity, historyEntities } from '../history/entities.ts';
import { indexText } from '../history/interval.ts';
import {
  attributeForm,
  attributeOfAllForm,
  attributeOfAllValuesForm,
  attributesForm,
  attributesValuesForm,
  attributeValuesForm,
  entityForm,
  entityValuesForm,
  type Form,
  shownTables,
  typeAttributeForm,
  typeAttributeValuesForm,
  typeForm,
  typeValuesForm,
} from './forms.ts';
import {
  noRecords,
  readEntities,
  readQuantumLeapQuery,
  readRowPage,
  selectionParameters,
  valueParameters,
} from './request.ts';
import { readTables } from './tables.ts';

const head = { ...v2ReadHead, clause: 'QuantumLeap', access: 'history' } as const;

interface Route {
  readonly name: string;
  readonly path: string;
  readonly form: Form;
}

/** An operation that shows values. `more`: its parameters besides those of all. */
const showing = ({ name, path, form }: Route, more: readonly string[]): Operation => ({
  ...head,
  name,
  path: `/ql/v2${path}`,
  parameters: [...valueParameters, ...more],
  async run(request, call) {
    const asked = readQuantumLeapQuery(request, call);
    const shown = shownTables(await readTables(asked, call), request, { asked, call });
    return { kind: 'found', text: JSON.stringify(form(shown, request)) };
  },
});

const ofEntity: readonly Route[] = [
  { name: 'retrieveQuantumLeapAttribute', path: '/entities/{id}/attrs/{attr}', form: attributeForm },
  { name: 'retrieveQuantumLeapAttributeValues', path: '/entities/{id}/attrs/{attr}/value', form: attributeValuesForm },
];
const ofEntityAttributes: readonly Route[] = [
  { name: 'retrieveQuantumLeapEntity', path: '/entities/{id}', form: entityForm },
  { name: 'retrieveQuantumLeapEntityValues', path: '/entities/{id}/value', form: entityValuesForm },
];
const ofMany: readonly Route[] = [
  { name: 'queryQuantumLeapTypeAttribute', path: '/types/{type}/attrs/{attr}', form: typeAttributeForm },
  {
    name: 'queryQuantumLeapTypeAttributeValues',
    path: '/types/{type}/attrs/{attr}/value',
    form: typeAttributeValuesForm,
  },
  { name: 'queryQuantumLeapAttribute', path: '/attrs/{attr}', form: attributeOfAllForm },
  { name: 'queryQuantumLeapAttributeValues', path: '/attrs/{attr}/value', form: attributeOfAllValuesForm },
];
const ofManyAttributes: readonly Route[] = [
  { name: 'queryQuantumLeapType', path: '/types/{type}', form: typeForm },
  { name: 'queryQuantumLeapTypeValues', path: '/types/{type}/value', form: typeValuesForm },
  { name: 'queryQuantumLeapAttributes', path: '/attrs', form: attributesForm },
  { name: 'queryQuantumLeapAttributesValues', path: '/attrs/value', form: attributesValuesForm },
];
const manyParameters = ['id', 'idPattern', 'aggrScope'];

const listQuantumLeapEntities: Operation = {
  ...head,
  name: 'listQuantumLeapEntities',
  path: '/ql/v2/entities',
  parameters: [...selectionParameters, 'idPattern'],
  async run(request, call) {
    const { limit, offset } = readRowPage(request.params);
    const needed = offset + limit;
    let found: readonly Latest[] = [];
    let next: Latest[] = [];
    for await (const entity of historyEntities(readEntities(request, call), call)) {
      next.push(latestOf(entity, call));
      if (next.length < needed) continue;
      found = newestOf([...found, ...next], needed);
      next = [];
    }
    const page = newestOf([...found, ...next], needed)
      .slice(offset)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    if (page.length === 0) throw noRecords();
    return {
      kind: 'found',
      text: JSON.stringify(page.map(({ at, ...one }): JsonObject => ({ ...one, index: indexText(at) }))),
    };
  },
};

/** The newest ones first. Only those that a page needs are kept, however many entities there are. */
const newestOf = (all: Latest[], needed: number): Latest[] =>
  all.sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1)).slice(0, needed);

interface Latest {
  readonly id: string;
  readonly type: string;
  readonly at: Micros;
}

function latestOf({ id, types, newest }: HistoryEntity, { context }: CallContext): Latest {
  const times = [...newest.values()].map((instance) =>
    microsOfInstant(timeOf(instance, { timeproperty: 'any' }) ?? ''),
  );
  return { id: v2IdOf(id), type: typeName(types[0] ?? '', context), at: Math.max(...times) };
}

const answer = (name: string, path: string, body: Json): Operation => ({
  ...head,
  name,
  path,
  access: 'open',
  unknownTenant: 'ignore',
  run: () => Promise.resolve({ kind: 'found', text: JSON.stringify(body) }),
});

/** The version of QuantumLeap whose API this is: clients read it as the level of the API. */
const level = '1.0.1';

export const quantumLeapReads: readonly Operation[] = [
  listQuantumLeapEntities,
  ...ofEntity.map((route) => showing(route, [])),
  ...ofEntityAttributes.map((route) => showing(route, ['attrs'])),
  ...ofMany.map((route) => showing(route, manyParameters)),
  ...ofManyAttributes.map((route) => showing(route, ['attrs', ...manyParameters])),
  answer('retrieveQuantumLeapRoot', '/ql/v2', {
    notify_url: '/v2/notify',
    entities_url: '/v2/entities',
    types_url: '/v2/types',
    attributes_url: '/v2/attrs',
  }),
  answer('retrieveQuantumLeapVersion', '/ql/version', { version: level }),
  answer('retrieveQuantumLeapHealth', '/ql/health', { status: 'pass' }),
];
