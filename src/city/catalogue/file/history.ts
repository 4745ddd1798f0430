/** The history of a dataset as a table: one row for each instance of an attribute, as `mlaka history` writes it. */
import { type EntityHistory, type HistoricInstance, scopeSeries } from '../../../core/model/history.ts';
import { histories } from '../../../core/port/histories.ts';
import type { CallContext } from '../../../core/operation/operation.ts';
import type { Selection } from './selection.ts';
import type { Column, Row, Table } from './table.ts';

export const historyColumns: readonly Column[] = [
  { name: 'entityId', type: 'string', isRequired: true, about: 'The id of the entity.' },
  { name: 'entityType', type: 'string', isRequired: true, about: 'The types of the entity, separated by spaces.' },
  { name: 'attribute', type: 'string', isRequired: true, about: 'The name of the attribute.' },
  { name: 'datasetId', type: 'string', about: 'Tells several values of one attribute apart.' },
  { name: 'observedAt', type: 'time', about: 'When the value was observed, in UTC.' },
  { name: 'modifiedAt', type: 'time', about: 'When the value was written, in UTC.' },
  { name: 'deletedAt', type: 'time', about: 'When the attribute was deleted, in UTC; there is then no value.' },
  { name: 'number', type: 'number', about: 'The value, where it is a number.' },
  { name: 'text', type: 'string', about: 'The value, where it is none: a text, or JSON.' },
  { name: 'unitCode', type: 'string', about: 'The unit, a code of UN/CEFACT.' },
];

export const historyTable = (selection: Selection, call: CallContext): Table => ({
  columns: historyColumns,
  rows: rowsOf(selection, call),
});

/** Entities in all, far more than a tenant has. */
const allEntities = 2 ** 31;
const groupMax = 1000;

async function* rowsOf(selection: Selection, call: CallContext): AsyncGenerator<readonly Row[]> {
  const { filter, attrs } = selection;
  const { limits } = call.services;
  const parts = {
    now: call.now,
    temporal: { timeproperty: 'any' },
    limitInstances: limits.instancesPage,
    ...(attrs ? { attrs: [...attrs] } : undefined),
  } as const;
  let group: Row[] = [];
  for await (const history of histories({ filter, parts }, allEntities, call)) {
    for (const row of historyRows(history, selection)) {
      group.push(row);
      if (group.length < groupMax) continue;
      yield group;
      group = [];
    }
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
  }
  yield group;
}

function* historyRows({ id, types, attrs }: EntityHistory, { context }: Selection): Generator<Row> {
  const type = types.map((one) => context.compact(one)).join(' ');
  for (const [iri, instances] of Object.entries(attrs)) {
    if (iri === scopeSeries) continue;
    const name = context.compact(iri);
    for (const instance of instances) yield [id, type, name, ...cellsOf(instance)];
  }
}

function cellsOf({ datasetId, observedAt, modifiedAt, deletedAt, value, unitCode }: HistoricInstance): Row {
  const known = deletedAt === undefined ? value : null;
  const number = typeof known === 'number' ? known : null;
  const text = known === null || number !== null ? null : typeof known === 'string' ? known : JSON.stringify(known);
  return [datasetId ?? null, observedAt ?? null, modifiedAt, deletedAt ?? null, number, text, unitCode ?? null];
}
