/** The action API of CKAN at `/api/action/{action}` and `/api/3/action/{action}`: read only, over the public datasets. */
import { isObject, type Json } from '../../../core/model/json.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../../../core/operation/operation.ts';
import type { CatalogueOptions } from '../catalogue-options.ts';
import { readCatalogue } from '../read-catalogue.ts';
import { createSite } from '../site.ts';
import { ActionValidationError } from './action-parameters.ts';
import { ActionNotFound, actions, createActionContext } from './actions.ts';
import { SearchQueryError } from './search-query.ts';

const head = {
  clause: '5.7.2',
  action: 'read',
  access: 'read',
  body: 'objectOrNone',
  unknownTenant: 'empty',
  takesContext: true,
  parameters: ['tenant'],
  media: ['json'],
} as const;

/** Clients send GET as well as POST, and may leave the version out. */
export const createCkanOperations = (options: CatalogueOptions): readonly Operation[] =>
  ['/api/action/{action}', '/api/3/action/{action}'].flatMap((path) =>
    (['GET', 'POST'] as const).map(
      (method): Operation => ({
        ...head,
        name: 'ckanAction',
        method,
        path,
        run: (request, call) => answerAction(request, call, options),
      }),
    ),
  );

/** Actions that change something in CKAN. */
const writing = /_(?:create|update|patch|delete|purge|revise|invite|follow|unfollow|upsert|send)(?:_|$)/;

async function answerAction(
  { path: { action: name = '' }, body }: OperationRequest,
  call: CallContext,
  options: CatalogueOptions,
): Promise<OperationResult> {
  const site = createSite(call, options.publicUrl);
  const help = site.ownUrlOf(`/api/3/action/help_show?name=${encodeURIComponent(name)}`);
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action && writing.test(name))
    return failure(403, help, { __type: 'Authorization Error', message: 'Access denied: this API only reads.' });
  if (!action) return answer(400, `Bad request: Action name not known: ${name}`);
  const catalogue = await readCatalogue(call, options.irisOf);
  const languages = [...(catalogue.about?.texts('language') ?? []), 'sl', 'en'];
  try {
    const { yieldToEventLoop } = call.services;
    const context = await createActionContext(name, { catalogue, site, languages }, yieldToEventLoop);
    const result = action(isObject(body) ? body : {}, context);
    return answer(200, { help, success: true, result });
  } catch (error) {
    return refusal(error, help);
  }
}

/** The answer to what is wrong with the parameters. Throws any other error again. */
function refusal(error: unknown, help: string): OperationResult {
  if (error instanceof ActionNotFound) return failure(404, help, { __type: 'Not Found Error', message: error.message });
  if (error instanceof SearchQueryError)
    return failure(400, help, { __type: 'Search Query Error', message: error.message });
  if (error instanceof ActionValidationError)
    return failure(409, help, { __type: 'Validation Error', [error.parameter]: [error.message] });
  throw error;
}

const failure = (status: number, help: string, error: Json): OperationResult =>
  answer(status, { help, success: false, error });

const answer = (status: number, json: Json): OperationResult => ({
  kind: 'document',
  status,
  headers: { 'Content-Type': 'application/json;charset=utf-8' },
  content: JSON.stringify(json),
});
