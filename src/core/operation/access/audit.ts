/** The operation that shows the audit: to administrators all of a tenant, to the owners of data what concerns these. */
import { auditTimeOf, type AuditLine, firstAuditIdAt } from '../../model/audit-line.ts';
import { microsOf } from '../../model/instant.ts';
import type { JsonObject } from '../../model/json.ts';
import { badData, Problem } from '../../model/problem.ts';
import { quoted } from '../../model/read/id.ts';
import type { AuditQuery } from '../../port/audit.ts';
import { readHead } from '../heads.ts';
import type { Text } from '../long-text.ts';
import type { CallContext, Operation, OperationRequest } from '../operation.ts';
import { readWhole } from '../parameters.ts';
import { csvHeader, csvLine } from './audit-csv.ts';
import { createAuditView } from './audit-view.ts';

export const queryAudit: Operation = {
  ...readHead,
  name: 'queryAudit',
  clause: '5.15',
  access: 'audit',
  path: '/access/audit',
  parameters: ['principal', 'entity', 'type', 'operation', 'from', 'to', 'before', 'limit'],
  media: ['json', 'ndjson', 'csv'],
  async run(request, call) {
    if (call.principal.identity.kind === 'anonymous')
      throw new Problem(
        'Forbidden',
        'The audit is for those with credentials. While access is open, nothing is recorded.',
      );
    const query = readQuery(request, call);
    if (call.media !== 'json')
      return { kind: 'found', text: await exportText(query, call, readWhole(request.params, 'limit', 1)) };
    const limit = readLimit(request, call);
    const { lines, next } = await readPage(query, call, limit);
    const text = `[${lines.map((line) => JSON.stringify(lineJson(line, call))).join(',')}]`;
    return { kind: 'found', text, ...(next === undefined ? undefined : { nextPage: { before: next } }) };
  },
};

type Query = Omit<AuditQuery, 'limit'>;

function readQuery({ params }: OperationRequest, { tenant, context }: CallContext): Query {
  const { principal, entity, type, operation, before } = params;
  const terms = [
    ...(principal === undefined ? [] : [`principal ${principal}`]),
    ...(entity === undefined ? [] : [`entity ${entity}`]),
    ...(type === undefined ? [] : [`type ${context.expand(type)}`]),
    ...(operation === undefined ? [] : [`operation ${operation}`]),
  ];
  const from = readTimeOf(params, 'from');
  const to = readTimeOf(params, 'to');
  const [below] = [to, before].flatMap((bound) => bound ?? []).sort();
  return { tenant, terms, ...(from === undefined ? {} : { from }), ...(below === undefined ? {} : { below }) };
}

/** The id at which lines of this time begin. */
function readTimeOf(params: OperationRequest['params'], name: string): string | undefined {
  const text = params[name];
  if (text === undefined) return undefined;
  if (microsOf(text) !== undefined) return firstAuditIdAt(text);
  throw badData(`The parameter ${name} must be a UTC time such as 2026-03-01T08:00:00Z, not ${quoted(text)}.`);
}

function readLimit({ params }: OperationRequest, { services: { limits } }: CallContext): number {
  const limit = readWhole(params, 'limit', 1) ?? limits.pageDefault;
  if (limit > limits.pageMax)
    throw new Problem('TooManyResults', `The parameter limit must be at most ${limits.pageMax}, not ${limit}.`);
  return limit;
}

/** Lines that one page examines at most for a caller who may see only some of them. The next page continues. */
const examinedMax = 10_000;
const readMax = 1000;

/** A page of visible lines. `next`: the id before which more may be found. */
async function readPage(
  query: Query,
  call: CallContext,
  limit: number,
): Promise<{ readonly lines: readonly AuditLine[]; readonly next?: string }> {
  const lines: AuditLine[] = [];
  let [examined, last] = [0, ''];
  for await (const { line, isVisible } of linesOf(query, call, limit + 1)) {
    // One more was read than is shown, so that there is a next page only when there is more.
    if (lines.length === limit) return { lines, next: last };
    examined += 1;
    last = line.id;
    if (isVisible) lines.push(line);
    if (examined >= examinedMax) return { lines, next: last };
  }
  return { lines };
}

interface Examined {
  readonly line: AuditLine;
  readonly isVisible: boolean;
}

/** The lines of a query, the newest first. It reads `wanted` lines first, and more at a time when these were not enough. */
async function* linesOf(query: Query, call: CallContext, wanted = readMax): AsyncGenerator<Examined> {
  const { audit } = call.services.stores;
  const view = await createAuditView(call);
  let { below } = query;
  for (let limit = Math.min(wanted, readMax); ; limit = readMax) {
    const found = await audit.find({ ...query, limit, ...(below === undefined ? {} : { below }) });
    for (const line of found) {
      const visible = await view(line);
      yield { line: visible ?? line, isVisible: visible !== undefined };
    }
    below = found.at(-1)?.id;
    if (found.length < limit) return;
  }
}

/** All lines of a query, or `limit` of them, as NDJSON or CSV. They are read while the text is sent. */
async function exportText(query: Query, call: CallContext, limit = Number.POSITIVE_INFINITY): Promise<Text> {
  const rest = exportPieces(query, call, limit);
  const header = call.media === 'csv' ? csvHeader : '';
  const first = await rest.next();
  return { begin: header + (first.done === true ? '' : first.value), rest };
}

/** Characters of a piece, about. */
const pieceMax = 64 * 1024;

async function* exportPieces(query: Query, call: CallContext, limit: number): AsyncGenerator<string> {
  let [piece, count] = ['', 0];
  for await (const { line, isVisible } of linesOf(query, call)) {
    if (!isVisible) continue;
    const json = lineJson(line, call);
    piece += call.media === 'csv' ? csvLine(json) : `${JSON.stringify(json)}\n`;
    count += 1;
    if (count >= limit) break;
    if (piece.length < pieceMax) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

/** A line as clients get it, with types in the terms of the request. */
function lineJson(line: AuditLine, { context }: CallContext): JsonObject {
  const { id, tenant: _tenant, isRead: _isRead, types, grants, count, ...members } = line;
  return {
    id,
    at: auditTimeOf(id),
    ...members,
    ...(types ? { types: types.map((type) => context.compact(type)) } : undefined),
    grants: [...grants],
    ...(count === undefined ? undefined : { count }),
  };
}
