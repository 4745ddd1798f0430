/** Operations that show context source registrations: retrieve one, and discover those with certain information (clause 5.10). */
import { isExpired, type Registration } from '../../federation/registration.ts';
import { compileConditions } from '../../federation/registration-discovery.ts';
import type { Demand } from '../../federation/registration-match.ts';
import { showRegistration } from '../../federation/show-registration.ts';
import type { Query, TemporalQuery } from '../../language/filter.ts';
import { parseQ } from '../../language/q/q.ts';
import { parseTemporal } from '../../language/temporal-query.ts';
import type { Terms } from '../../model/entity.ts';
import { badData, Problem } from '../../model/problem.ts';
import { readId } from '../../model/read/id.ts';
import { readHead } from '../heads.ts';
import type { CallContext, Operation, OperationRequest } from '../operation.ts';
import { liftCount, pageOf, readDatasetIds, readOptions, readPaging } from '../parameters.ts';
import { readSelection } from '../selection.ts';
import { withContext } from '../view.ts';

type Params = OperationRequest['params'];

const temporalParameters = ['timerel', 'timeAt', 'endTimeAt', 'timeproperty'] as const;

export const queryRegistrations: Operation = {
  ...readHead,
  access: 'register',
  name: 'queryRegistrations',
  clause: '5.10.2',
  path: '/csourceRegistrations',
  parameters: [
    ...['type', 'id', 'idPattern', 'attrs', 'datasetId', 'q', 'scopeQ', 'csf'],
    ...['georel', 'geometry', 'coordinates', 'geoproperty', 'geometryProperty', 'lang'],
    ...temporalParameters,
    ...['limit', 'offset', 'count', 'options'],
  ],
  async run(request, call) {
    const params = liftCount(request.params);
    const paging = readPaging(params, call.services.limits);
    const shown = readShown(params);
    const { demand, isGood } = readDiscovery(params, call);
    const index = await call.services.registrations.of(call.tenant);
    const found = index.matching(demand, call.now).filter(isGood);
    const rest = found.slice(paging.offset, paging.offset + paging.limit + 1);
    const texts: string[] = [];
    for (const one of rest.slice(0, paging.limit)) {
      const pause = call.services.yieldToEventLoop();
      if (pause) await pause;
      texts.push(textOf(one, shown, call));
    }
    const page = pageOf(rest.length, paging, paging.isCounted ? found.length : undefined);
    return { kind: 'found', text: `[${texts.join(',')}]`, page };
  },
};

export const retrieveRegistration: Operation = {
  ...readHead,
  access: 'register',
  name: 'retrieveRegistration',
  clause: '5.10.1',
  path: '/csourceRegistrations/{id}',
  parameters: ['options'],
  async run(request, call) {
    const id = readId(request.path['id'], 'the id of the registration');
    const shown = readShown(request.params);
    const registration = (await call.services.registrations.of(call.tenant)).get(id);
    if (!registration || isExpired(registration, call.now))
      throw new Problem('ResourceNotFound', `There is no registration ${id}.`);
    return { kind: 'found', text: textOf(registration, shown, call) };
  },
};

/** Secrets are shown only when `options` requests them, for example for a backup. */
type Shown = ReadonlySet<'sysAttrs' | 'secrets'>;

const readShown = (params: Params): Shown => readOptions(params, ['sysAttrs', 'secrets']);

function textOf({ document, id }: Registration, shown: Shown, call: CallContext): string {
  const { createdAt, modifiedAt } = document;
  const json = {
    ...showRegistration(document, call.context, shown.has('secrets')),
    ...call.services.registrations.statistics(call.tenant, id),
    ...(shown.has('sysAttrs') ? { createdAt, modifiedAt } : undefined),
  };
  return withContext(JSON.stringify(json), call);
}

interface Discovery {
  readonly demand: Demand;
  readonly isGood: (registration: Registration) => boolean;
}

function readDiscovery(params: Params, call: CallContext): Discovery {
  const { q, csf, ...selecting } = params;
  const terms = call.context;
  const { selectors, attrs, geo, scopeQ } = readSelection({ ...selecting, local: 'true' }, { terms });
  if ([selectors, attrs, geo, q, csf].every((part) => part === undefined))
    throw badData('The query is too wide: it needs type, id, idPattern, attrs, q, csf or a geo-query.');
  const conditions = { geo, scopeQ, csf: readProperties({ q, csf }, terms), temporal: readTemporal(params) };
  return {
    demand: { selectors, attrs, datasetIds: readDatasetIds(params) },
    isGood: compileConditions(conditions, { isAbsentGood: false }),
  };
}

/** Both `q` and `csf` are about the Context Source Properties (clauses 4.9, 5.10.2). */
function readProperties(texts: Readonly<Record<string, string | undefined>>, terms: Terms): Query | undefined {
  const parts = Object.entries(texts).flatMap(([name, text]) =>
    text === undefined ? [] : [parseQ(text, terms, { expandValues: [], jsonKeys: [], name })],
  );
  return parts.length === 0 ? undefined : { op: 'and', parts };
}

const readTemporal = (params: Params): TemporalQuery | undefined =>
  temporalParameters.some((name) => params[name] !== undefined) ? parseTemporal(params) : undefined;
