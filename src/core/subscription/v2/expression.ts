/** Compiles the conditions of a v2 subscription that queries have too: `expression`, and the service path. */
import type { Filter } from '../../language/filter.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import type { Entity, Terms } from '../../model/entity.ts';
import type { V2Expression } from '../../v2/expression.ts';
import { readV2Geo } from '../../v2/geo-query.ts';
import { parseV2Query } from '../../v2/query.ts';
import { readPaths } from '../../v2/service-path.ts';

/** `subject.condition.expression`. Throws BadRequest. */
export function compileExpression({ q, mq, ...geo }: V2Expression, terms: Terms): (entity: Entity) => boolean {
  const parts: readonly Filter[] = [
    ...(q === undefined ? [] : [{ q: parseV2Query(q, 'q', terms) }]),
    ...(mq === undefined ? [] : [{ q: parseV2Query(mq, 'mq', terms) }]),
    readV2Geo(geo, 'error parsing geo-query fields') ?? {},
  ];
  return compileFilter({ also: parts });
}

/** The list of service paths of the creating request. */
export const compileServicePath = (paths: string): ((entity: Entity) => boolean) =>
  compileFilter(readPaths(paths) ?? {});
