/** Operations of STH-Comet's API: values and aggregates of one series, and deletions. */
import { forEachInterruptible, restIfDue, runWithPauses } from '../../../model/interruptible.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../../model/json.ts';
import { rollupFor } from '../../../representation/aggregate.ts';
import { badRequest } from '../../../v2/problem.ts';
import { typedValue } from '../../../v2/render-attribute.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../../operation.ts';
import { v2CreateHead, v2ReadHead, v2WriteHead } from '../heads.ts';
import { deleteHistories } from '../history/deletion.ts';
import { findHistoryEntities, type HistoryQuery } from '../history/entities.ts';
import { timeText } from '../history/interval.ts';
import { storeNotification } from '../history/notification.ts';
import { dividedBy, wholeInterval } from '../history/periods.ts';
import { readRows, readSeries } from '../history/rows.ts';
import { csvOf, type SthValue } from './csv.ts';
import { pointsOf } from './points.ts';
import { invalid, readSeriesQuery, readSthRequest, type SthMode, sthParameters } from './request.ts';

const clause = 'STH-Comet';
const reading = {
  ...v2ReadHead,
  clause,
  access: 'history',
  media: ['json', 'csv'],
} as const satisfies Partial<Operation>;

type Raw = Extract<SthMode, { kind: 'raw' }>;
type Aggregated = Extract<SthMode, { kind: 'aggregated' }>;

/** Writes the values or points of an answer in the form of a version of the API. */
type Form = (values: readonly JsonObject[], request: OperationRequest) => JsonObject;

const v1Form: Form = (values, { path }) => ({
  contextResponses: [
    {
      contextElement: {
        attributes: [{ name: path['attr'] ?? '', values }],
        id: path['id'] ?? '',
        isPattern: false,
        type: path['type'] ?? '',
      },
      statusCode: { code: '200', reasonPhrase: 'OK' },
    },
  ],
});

/** The manual calls the list `values`, the code `value`. */
const v2Form: Form = (values) => ({ type: 'StructuredValue', value: values, values });

const retrieveSthV1Attribute: Operation = {
  ...reading,
  name: 'retrieveSthV1Attribute',
  path: '/STH/v1/contextEntities/type/{type}/id/{id}/attributes/{attr}',
  parameters: sthParameters,
  run: (request, call) => answer(request, { form: v1Form, isText: true }, call),
};

const retrieveSthV2Attribute: Operation = {
  ...reading,
  name: 'retrieveSthV2Attribute',
  path: '/STH/v2/entities/{id}/attrs/{attr}',
  parameters: ['type', ...sthParameters],
  run(request, call) {
    if (!request.params['type']) throw invalid('type', 'is required');
    return answer(request, { form: v2Form, isText: false }, call);
  },
};

/** `isText`: scalars are texts, as in the first version. */
interface Showing {
  readonly form: Form;
  readonly isText: boolean;
}

async function answer(
  request: OperationRequest,
  { form, isText }: Showing,
  call: CallContext,
): Promise<OperationResult> {
  const { mode, query } = readSthRequest(request, call);
  if (mode.kind === 'aggregated') {
    const points = query ? await readPoints(request, { mode, query }, call) : [];
    return { kind: 'found', text: JSON.stringify(form(points, request)) };
  }
  const { values, count } = query ? await readValues(mode, query, call) : { values: [], count: 0 };
  const page = mode.isCounted ? { page: { limit: mode.page.limit, offset: 0, hasMore: false, count } } : undefined;
  await restIfDue(call.services.yieldToEventLoop);
  if (mode.isCsv) {
    const lines = csvOf(request.path['attr'] ?? '', values);
    return { kind: 'found', text: await runWithPauses(lines, call.services.yieldToEventLoop), media: 'csv', ...page };
  }
  const shown = isText ? values.map((value) => ({ ...value, attrValue: asText(value.attrValue) })) : values;
  return {
    kind: 'found',
    text: JSON.stringify(
      form(
        shown.map((value) => ({ ...value })),
        request,
      ),
    ),
    ...page,
  };
}

const asText = (value: Json): Json => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value);

/** The values of a page, and how many there are in the interval; 0 where nobody asks. */
async function readValues(
  { page, isCounted }: Raw,
  query: HistoryQuery,
  call: CallContext,
): Promise<{ readonly values: readonly SthValue[]; readonly count: number }> {
  const entities = await findHistoryEntities(query, call);
  const [table] = page.limit === 0 ? [] : await readRows(entities, { ...query, page }, call);
  const values: SthValue[] = [];
  const columns = [...(table?.columns.values() ?? [])];
  const show = forEachInterruptible(table?.times ?? [], (at) => {
    const [instance] = columns.flatMap((column) => column.get(at) ?? []);
    if (!instance) return;
    const { type, value } = typedValue(instance, call.context);
    values.push({ recvTime: timeText(at), attrType: type, attrValue: value });
  });
  await runWithPauses(show, call.services.yieldToEventLoop);
  return { values, count: isCounted ? await countValues(query, call) : 0 };
}

async function countValues(query: HistoryQuery, call: CallContext): Promise<number> {
  const rollup = rollupFor({ methods: ['totalCount'], ...wholeInterval });
  const entities = await findHistoryEntities(query, call);
  const found = await readSeries(entities, { ...seriesOf(query), ...(rollup ? { rollup } : undefined) }, call);
  return found
    .flatMap(({ attrs }) => Object.values(attrs).flat())
    .reduce((sum, { summaries }) => sum + (summaries?.reduce((all, { count }) => all + count, 0) ?? 1), 0);
}

const seriesOf = ({ temporal, attrs }: HistoryQuery): Pick<HistoryQuery, 'temporal' | 'attrs'> => ({ temporal, attrs });

/** Rollups do not know how often a text occurs. */
async function readPoints(
  { path }: OperationRequest,
  { mode, query }: { readonly mode: Aggregated; readonly query: HistoryQuery },
  call: CallContext,
): Promise<readonly JsonObject[]> {
  const { methods, resolution } = mode;
  const rollup = methods.has('occur') ? undefined : rollupFor({ methods: ['sum'], ...dividedBy(resolution) });
  const entities = await findHistoryEntities(query, call);
  const [series] = await readSeries(entities, { ...seriesOf(query), ...(rollup ? { rollup } : undefined) }, call);
  const instances = Object.values(series?.attrs ?? {}).flat();
  const plan = { attrName: path['attr'] ?? '', methods, resolution };
  return runWithPauses(pointsOf(instances, plan), call.services.yieldToEventLoop);
}

const deleting = {
  ...v2WriteHead,
  clause,
  access: 'delete',
  method: 'DELETE',
  body: 'none',
} as const satisfies Partial<Operation>;

/** An operation that deletes what its path names. It succeeds where there is nothing. */
const deletion = (name: string, path: string): Operation => ({
  ...deleting,
  name,
  path: `/STH/v1/contextEntities${path}`,
  async run(request, call) {
    const query = readSeriesQuery(request, {}, call);
    if (query) await deleteHistories(query, call);
    return { kind: 'done' };
  },
});

const receiveSthNotification: Operation = {
  ...v2CreateHead,
  clause,
  name: 'receiveSthNotification',
  method: 'POST',
  path: '/STH/notify',
  elementsIn: 'data',
  async run({ body }, call) {
    if (!isObject(body) || !isArray(body['data'])) throw badRequest('The body must have a list in its member data.');
    await storeNotification(body['data'], call);
    return { kind: 'plain', text: '' };
  },
};

/** The version of STH-Comet whose API this is. */
const level = '2.11.0';

const retrieveSthVersion: Operation = {
  ...reading,
  name: 'retrieveSthVersion',
  path: '/STH/version',
  access: 'open',
  unknownTenant: 'ignore',
  run: () => Promise.resolve({ kind: 'found', text: JSON.stringify({ version: level }) }),
};

/** The list of the operations. */
export const sthOperations: readonly Operation[] = [
  retrieveSthV1Attribute,
  retrieveSthV2Attribute,
  deletion('deleteSthHistories', ''),
  deletion('deleteSthEntity', '/type/{type}/id/{id}'),
  deletion('deleteSthAttribute', '/type/{type}/id/{id}/attributes/{attr}'),
  receiveSthNotification,
  retrieveSthVersion,
];
