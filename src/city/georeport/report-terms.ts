/** Reads attributes of the entities of reports, whichever IRIs their terms have, and queries for them. */
import type { QPath, Query, QValue } from '../../core/language/filter.ts';
import type { Entity } from '../../core/model/entity.ts';
import { isObject } from '../../core/model/json.ts';
import type { IrisOf } from '../definition/definition.ts';
import { valueIn } from '../definition/read-values.ts';

/** The text of an attribute; of a text in several languages the first. Numbers and times become texts. Undefined: there is none. */
export function textIn(entity: Pick<Entity, 'attrs'>, iris: readonly string[]): string | undefined {
  const value = valueIn(entity, iris);
  const plain = isObject(value)
    ? (value['@value'] ?? Object.values(value).find((one) => typeof one === 'string'))
    : value;
  if (typeof plain === 'number') return String(plain);
  return typeof plain === 'string' && plain !== '' ? plain : undefined;
}

/** The path of an attribute in a query. */
export const pathOf = (iri: string, term: string): QPath => ({ attr: iri, sub: [], inside: [], text: term });

/** The condition that the attribute compares so, by any of its IRIs. */
export const comparing = (
  { term, irisOf }: { readonly term: string; readonly irisOf: IrisOf },
  op: '==' | '>=' | '<=',
  value: QValue,
): Query => ({ op: 'or', parts: irisOf(term).map((iri) => ({ op, path: pathOf(iri, term), value })) });
