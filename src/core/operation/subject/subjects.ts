/** The operations of administrators on the data of one subject: what names it, all of that, and its erasure. */
import { operationClasses } from '../../access/grant.ts';
import type { JsonObject } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { readId } from '../../model/read/id.ts';
import { readHead, writeHead } from '../heads.ts';
import type { Text } from '../long-text.ts';
import type { CallContext, Operation, OperationRequest } from '../operation.ts';
import { readBoolean } from '../parameters.ts';
import { eraseSubject as erase, refuseWhileFilling } from './erase.ts';
import { findAll, type Found } from './find.ts';
import { filesOf, reportJson, reportOn } from './report.ts';
import { type SubjectContext, subjectContext } from './subject-context.ts';

const path = '/access/subjects/{id}';
const head = { clause: '5.15', access: 'administer', parameters: [], takesContext: true } as const;

export const findSubject: Operation = {
  ...readHead,
  ...head,
  name: 'findSubject',
  path,
  media: ['json'],
  async run(request, call) {
    const context = await contextOf(request, call);
    return { kind: 'found', text: JSON.stringify(documentOf(context, reportJson(await reportOn(context)))) };
  },
};

export const exportSubject: Operation = {
  ...readHead,
  ...head,
  name: 'exportSubject',
  path: `${path}/export`,
  media: ['json', 'ndjson'],
  async run(request, call) {
    const context = await contextOf(request, call);
    return { kind: 'found', text: await exportText(context, call.media === 'ndjson') };
  },
};

export const eraseSubject: Operation = {
  ...writeHead,
  ...head,
  name: 'eraseSubject',
  method: 'DELETE',
  path,
  parameters: ['dryRun'],
  media: ['json'],
  body: 'none',
  namesErased: true,
  async run(request, call) {
    const context = await contextOf(request, call);
    const isDryRun = readBoolean(request.params, 'dryRun') ?? false;
    return { kind: 'found', text: JSON.stringify(await erasureOf(context, isDryRun)) };
  },
};

/** Erases the subject, unless it is a dry run, and reports what there was and what is left. */
export async function erasureOf(context: SubjectContext, isDryRun: boolean): Promise<JsonObject> {
  const before = await reportOn(context);
  const { found, ids, remains } = reportJson(before);
  if (isDryRun) return documentOf(context, { isDryRun, found: found ?? {}, ids: ids ?? {}, remains: remains ?? [] });
  await refuseWhileFilling(context);
  await erase(context);
  const after = await reportOn(context);
  const left = reportJson({ ...after, remains: [...after.remains, ...(await filesOf(context))] });
  return documentOf(context, {
    ...{ isDryRun, found: found ?? {}, ids: ids ?? {}, left: left['found'] ?? {} },
    remains: left['remains'] ?? [],
  });
}

/** Reports and exports of the command line have the same form. */
export const documentOf = ({ id, tenant, services }: SubjectContext, members: JsonObject): JsonObject => ({
  type: 'SubjectReport',
  subject: id,
  ...(tenant === '' ? undefined : { tenant }),
  at: services.clock.now(),
  ...members,
});

/** Throws Forbidden unless the caller may do everything in the tenant: nobody learns or erases more here than elsewhere. */
async function contextOf(request: OperationRequest, call: CallContext): Promise<SubjectContext> {
  const { principal, tenant, services } = call;
  if (operationClasses.some((one) => principal.rights(one, tenant).extent !== 'full'))
    throw new Problem(
      'Forbidden',
      'The data of a subject are in many places: this is for those who may do everything here.',
    );
  const id = readId(request.path['id'], 'the id of the subject');
  // The store of the call would record each change with the id.
  const store = await services.stores.open(tenant, false);
  if (!store) throw new Problem('NonexistentTenant', `There is no tenant named ${JSON.stringify(tenant)}.`);
  return subjectContext(id, { tenant, store, services });
}

/** A line of an export. */
export const foundText = ({ place, snapshot, data }: Found): string =>
  JSON.stringify({ place, ...(snapshot === undefined ? undefined : { snapshot }), data });

/** Characters of a piece, about. */
const pieceMax = 64 * 1024;

/** Everything that names the subject, a JSON object for each: as an array, or as lines. They are read while the text is sent. */
async function exportText(context: SubjectContext, isLines: boolean): Promise<Text> {
  const rest = exportPieces(context, isLines);
  const first = await rest.next();
  return { begin: first.done === true ? '' : first.value, rest };
}

async function* exportPieces(context: SubjectContext, isLines: boolean): AsyncGenerator<string> {
  let [piece, isFirst] = [isLines ? '' : '[', true];
  for await (const found of findAll(context)) {
    const text = foundText(found);
    piece += isLines ? `${text}\n` : `${isFirst ? '' : ','}${text}`;
    isFirst = false;
    if (piece.length < pieceMax) continue;
    yield piece;
    piece = '';
  }
  yield isLines ? piece : `${piece}]`;
}
