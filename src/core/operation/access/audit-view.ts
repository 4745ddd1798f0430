/** Decides which lines of the audit a caller may see. */
import { decide } from '../../access/decision.ts';
import type { AuditLine } from '../../model/audit-line.ts';
import type { CallContext } from '../operation.ts';

/** The line as the caller may see it. Undefined when it is hidden. */
export type AuditView = (line: AuditLine) => Promise<AuditLine | undefined>;

/**
 * A full grant shows all lines. A partial grant, such as that of a data owner, shows the lines about an entity that it covers now, and about
 * lists of entities of types that it gives as a whole, not those about other resources. It shows no addresses. The lines about deleted entities need a full grant, as their
 * history does.
 */
export async function createAuditView(call: CallContext): Promise<AuditView> {
  const { principal, services, tenant } = call;
  const decision = principal.rights('audit', tenant);
  if (decision.extent === 'full') return (line) => Promise.resolve(line);
  const store = await services.stores.open(tenant, false);
  if (decision.extent === 'none' || !store) return () => Promise.resolve(undefined);
  const isCovered = async (id: string): Promise<boolean> => {
    const stored = await store.get(id, call.now);
    return stored !== undefined && decision.covering(stored.entity()).length > 0;
  };
  const wholeTypes = wholeTypesOf(call);
  const known = new Map<string, boolean>();
  return async ({ address: _address, ...line }) => {
    const { entity, types = [], resource } = line;
    if (entity === undefined && resource !== undefined) return undefined;
    if (entity === undefined) return types.length > 0 && types.every((type) => wholeTypes.has(type)) ? line : undefined;
    const isVisible = known.get(entity) ?? (await isCovered(entity));
    if (known.size < knownMax) known.set(entity, isVisible);
    return isVisible ? line : undefined;
  };
}

/** Most entities that one request remembers. */
const knownMax = 10_000;

/** Types of which all entities are covered, with all attributes. */
const wholeTypesOf = ({ principal, tenant }: CallContext): ReadonlySet<string> =>
  new Set(
    principal.grants
      .flatMap(({ types = [], ...grant }) => types.map((type) => ({ type, grant })))
      .filter(({ grant }) => decide([grant], 'audit', tenant).extent === 'full')
      .map(({ type }) => type),
  );
