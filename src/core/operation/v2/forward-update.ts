/** Forwards updates of NGSI v2 to context sources that speak NGSI v2, such as IoT agents: of attributes that are not here, as Orion does. */
import { narrowDemand } from '../../federation/narrow.ts';
import type { Registration } from '../../federation/registration.ts';
import type { RegistrationSearch } from '../../federation/registration-index.ts';
import { typesNamed } from '../../federation/registration-match.ts';
import type { EntitySelector } from '../../language/filter.ts';
import type { JsonObject } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import type { SourceRequest } from '../../port/sources.ts';
import { attributeIris } from '../../v2/names.ts';
import { isInPaths } from '../../v2/service-path.ts';
import { isInLoop, matchingSources, orProblem } from '../distributed/concerned-sources.ts';
import { v2TargetOf, v2UpdateRequest } from '../distributed/v2-source.ts';
import type { CallContext } from '../operation.ts';
import { pathHeader, sentHeader } from './request.ts';

/** The sources of NGSI v2 that take updates of these attributes. */
export function sourcesOfV2(
  index: RegistrationSearch,
  selector: EntitySelector,
  { names, call }: { readonly names: readonly string[]; readonly call: CallContext },
): readonly Registration[] {
  if (isInLoop(call) || call.principal.rights('write', call.tenant).extent !== 'full') return [];
  const path = sentHeader(call, pathHeader) ?? '/';
  return matchingSources(index, { demand: { selectors: [selector], attrs: names } }, call).filter(
    ({ info: { v2 } }) =>
      v2?.isActive === true &&
      (v2.forwarding === 'all' || v2.forwarding === 'update') &&
      isInPaths(v2.servicePath, path),
  );
}

interface Forwarding {
  readonly v2Sources: readonly Registration[];
  readonly selector: EntitySelector;
  readonly id: string;
  /** The attributes in the body, normalized, by their v2 names. */
  readonly json: JsonObject;
}

/** Offers attributes to the sources one after another. Returns those that were taken. */
export async function forwardToV2(
  missing: readonly string[],
  { v2Sources, selector, id, json }: Forwarding,
  call: CallContext,
): Promise<ReadonlySet<string>> {
  const taken = new Set<string>();
  for (const registration of v2Sources) {
    const open = missing.filter((name) => !taken.has(name));
    const { attrs = open } = narrowDemand(registration, { selectors: [selector], attrs: open });
    const { v2 } = registration.info;
    if (attrs.length === 0 || !v2) continue;
    const target = await orProblem(() => v2TargetOf(registration, v2, call));
    if (target instanceof Problem) continue;
    const body = { id, type: typeFor(registration, selector), attrs: partOf(json, attrs, call) };
    const isGood = await isTaken(registration, v2UpdateRequest(target, body), call);
    if (isGood) for (const name of attrs) taken.add(name);
  }
  return taken;
}

/** Sends a request. True when the source took all of it. */
async function isTaken({ id }: Registration, request: SourceRequest, call: CallContext): Promise<boolean> {
  const { services, tenant, now } = call;
  const answer = await services.sources?.ask({ ...request, group: call });
  const isGood = answer?.kind === 'answered' && answer.status >= 200 && answer.status < 300 && answer.status !== 207;
  services.registrations.count(tenant, id, { isGood, at: now });
  return isGood;
}

/** The type that the request, the entity here or the registration says. */
export function typeFor({ information }: Registration, { types }: EntitySelector): string | undefined {
  const [known] = types ? (typesNamed(types) ?? []) : [];
  return known ?? information.flatMap(({ entities = [] }) => entities.flatMap((one) => one.types))[0];
}

const partOf = (json: JsonObject, attrs: readonly string[], { context }: CallContext): JsonObject =>
  Object.fromEntries(
    Object.entries(json).filter(([name]) => attributeIris(name, context).some((iri) => attrs.includes(iri))),
  );
