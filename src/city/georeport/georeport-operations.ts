/** The operations of Open311 GeoReport v2 at `/georeport/v2`, over entities of reports and of their kinds (docs/open311.md). */
import { microsOfInstant } from '../../core/model/instant.ts';
import type { Json, JsonObject } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../../core/operation/operation.ts';
import type { ModelNames } from '../definition/names.ts';
import { type Asked, documentOf, formOf, withoutEnding } from './documents.ts';
import { byCode, type Question, readKinds, type ReportKind } from './kinds.ts';
import { givenIn, readReportQuery, textOf } from './parameters.ts';
import { findReports } from './reports.ts';
import { submitReport } from './submit-report.ts';

interface GeoReportOptions {
  readonly names: ModelNames;
  /** The URL at which the public reaches the broker. Empty: that of each request. */
  readonly publicUrl: string;
}

/** What an operation answers with: the name of its element in XML, and its content. */
type Answer = readonly [root: Parameters<typeof documentOf>[0], content: Json];

/** An operation at `/georeport/v2`, as JSON and as XML. */
interface Resource extends Pick<Operation, 'name' | 'method' | 'path'> {
  readonly answer: (request: OperationRequest, call: CallContext) => Promise<Answer>;
}

const head = {
  clause: '5.7.2',
  action: 'read',
  access: 'read',
  body: 'objectOrNone',
  unknownTenant: 'empty',
  takesContext: true,
  parameters: ['tenant'],
  media: ['json'],
  keyParameter: 'api_key',
} as const;

export const createGeoReportOperations = (options: GeoReportOptions): readonly Operation[] =>
  [...kindResources(options), ...reportResources(options.names)].flatMap(operationsOf);

/** The paths with endings that name the form. Where a path ends with a variable part, the ending is in that. */
const operationsOf = ({ name, method, path, answer }: Resource): readonly Operation[] =>
  (path.endsWith('}') ? [''] : ['', '.json', '.xml']).map((ending) => ({
    ...head,
    name,
    method,
    path: `/georeport/v2${path}${ending}`,
    async run(request, call): Promise<OperationResult> {
      const asked: Asked = { path: lastOf(request) + ending, accept: call.headers?.['accept']?.toString() };
      const [root, content] = await answer(request, call);
      return documentOf(root, content, { form: formOf(asked), status: method === 'POST' ? 201 : 200 });
    },
  }));

/** What can be reported. */
function kindResources({ names, publicUrl }: GeoReportOptions): readonly Resource[] {
  const kindsFor = (request: OperationRequest, call: CallContext): Promise<readonly ReportKind[]> =>
    readKinds(call, names, textOf(givenIn(request), 'jurisdiction_id', 200));
  return [
    {
      name: 'discoverGeoReport',
      method: 'GET',
      path: '/discovery',
      answer: (_, { origin = '' }) =>
        Promise.resolve(['discovery', discoveryOf(publicUrl === '' ? origin : publicUrl)]),
    },
    {
      name: 'listReportKinds',
      method: 'GET',
      path: '/services',
      answer: async (request, call) => ['services', byCode(await kindsFor(request, call)).map(showKind)],
    },
    {
      name: 'readReportKind',
      method: 'GET',
      path: '/services/{code}',
      async answer(request, call) {
        const code = withoutEnding(lastOf(request));
        const kind = (await kindsFor(request, call)).find((one) => one.code === code);
        if (!kind) throw new Problem('ResourceNotFound', `There is no service_code ${JSON.stringify(code)} here.`);
        return ['service_definition', { service_code: code, attributes: kind.questions.map(showQuestion) }];
      },
    },
  ];
}

/** What was reported. */
function reportResources(names: ModelNames): readonly Resource[] {
  const known = async (number: string, call: CallContext): Promise<readonly JsonObject[]> => {
    const found = await findReports({ ids: [number], limit: 1, offset: 0 }, names, call);
    if (found.length > 0) return found;
    throw new Problem('ResourceNotFound', `There is no report ${JSON.stringify(number.slice(0, 100))}.`);
  };
  return [
    {
      name: 'queryReports',
      method: 'GET',
      path: '/requests',
      async answer(request, call) {
        const query = readReportQuery(givenIn(request), microsOfInstant(call.now));
        return ['service_requests', await findReports(query, names, call)];
      },
    },
    {
      name: 'submitReport',
      method: 'POST',
      path: '/requests',
      answer: async (request, call) => ['service_requests', [await submitReport(givenIn(request), { call, names })]],
    },
    {
      name: 'readReport',
      method: 'GET',
      path: '/requests/{report}',
      answer: async (request, call) => ['service_requests', await known(withoutEnding(lastOf(request)), call)],
    },
    {
      name: 'readReportToken',
      method: 'GET',
      path: '/tokens/{token}',
      // Reports get their numbers at once, so that a number is its own token.
      async answer(request, call) {
        const token = withoutEnding(lastOf(request));
        await known(token, call);
        return ['service_requests', [{ service_request_id: token, token }]];
      },
    },
  ];
}

/** The variable part of the path, with its ending; empty: the path has none. */
const lastOf = ({ path }: OperationRequest): string => Object.values(path)[0] ?? '';

const discoveryOf = (base: string): JsonObject => ({
  changeset: '2011-04-05T17:12:00Z',
  contact: `${base}/docs/open311`,
  key_service: `${base}/docs/open311`,
  endpoints: [
    {
      specification: 'http://wiki.open311.org/GeoReport_v2',
      url: `${base}/georeport/v2`,
      changeset: '2011-04-05T17:12:00Z',
      type: 'production',
      formats: ['text/xml', 'application/json'],
    },
  ],
});

const showKind = ({ code, text, questions }: ReportKind): JsonObject => ({
  service_code: code,
  service_name: text('service_name') ?? code,
  description: text('description') ?? '',
  metadata: questions.length > 0,
  type: 'realtime',
  keywords: text('keywords') ?? '',
  group: text('group') ?? '',
});

const showQuestion = (question: Question, index: number): JsonObject => ({
  variable: question.isAnswered,
  code: question.code,
  datatype: question.datatype,
  required: question.isRequired,
  datatype_description: question.datatypeDescription,
  order: index + 1,
  description: question.description,
  ...(question.values.length > 0 ? { values: question.values.map(({ key, name }) => ({ key, name })) } : undefined),
});
