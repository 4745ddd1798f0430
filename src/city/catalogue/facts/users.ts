/** Tells who uses the data of a dataset, from the audit. */
import { type AuditLine, auditTimeOf } from '../../../core/model/audit-line.ts';
import type { JsonObject } from '../../../core/model/json.ts';
import type { CallContext } from '../../../core/operation/operation.ts';

/** Lines of the audit that are counted for each type, the newest ones. */
const linesMax = 1000;

/** Undefined for a caller who may not see the audit, and where nothing is recorded. */
export async function usersOf(types: readonly string[], call: CallContext): Promise<JsonObject | undefined> {
  const { audit, stores } = call.services;
  if (!audit || !maySeeAudit(call)) return undefined;
  const lines: AuditLine[] = [];
  for (const type of types)
    lines.push(...(await stores.audit.find({ tenant: call.tenant, terms: [`type ${type}`], limit: linesMax })));
  const byPrincipal = [...Map.groupBy(lines, ({ principal }) => principal)]
    .map(([principal, own]) => [principal, own.length] as const)
    .sort((a, b) => b[1] - a[1]);
  const [oldest] = lines.map(({ id }) => id).sort();
  return {
    requests: lines.length,
    principals: Object.fromEntries(byPrincipal.slice(0, principalsMax)),
    ...(oldest === undefined ? undefined : { since: auditTimeOf(oldest) }),
  };
}

/** Principals that are listed, those with most requests first. */
const principalsMax = 50;

const maySeeAudit = ({ principal, tenant }: CallContext): boolean =>
  principal.identity.kind !== 'anonymous' && principal.rights('audit', tenant).extent === 'full';
