/** Tells what is left undone of writes of NGSI v2 in which context sources have a part. */
import type { JsonObject } from '../../model/json.ts';
import type { ProblemReport } from '../../model/problem.ts';
import { V2Problem } from '../../v2/problem.ts';
import type { V2Entity } from '../../v2/read-entity.ts';
import { noAttribute, noEntity } from './request.ts';
import { isKeeping, type Way } from './source-steps.ts';
import { failureOf, listed, named } from './writing.ts';

/** What a write that sources have a part in did. */
export interface Written {
  /** The v2 names of attributes that neither this broker nor a source wrote. */
  readonly left: readonly string[];
  /** False when neither this broker nor a source that did something has the entity. */
  readonly isKnown: boolean;
  /** Why a source that has a part of the entity for itself did not write it. */
  readonly problem?: ProblemReport;
}

/** A write of one entity. */
interface Subject {
  readonly way: Way;
  readonly entity: Pick<V2Entity, 'v2Id' | 'type'>;
  /** The attributes by their v2 names, perhaps with id and type. */
  readonly body: JsonObject;
  /** True when the request is on one attribute. */
  readonly isOfAttribute?: boolean;
}

/** What was left undone of an entity. */
export interface LeftOver {
  readonly id: string;
  readonly type: string;
  readonly names: readonly string[];
  /** The error when nothing at all was done. */
  readonly problem: Error;
}

/** The v2 names of the attributes in a body. */
export const attributesIn = (body: JsonObject): readonly string[] =>
  Object.keys(body).filter((name) => name !== 'id' && name !== 'type');

/** What was left of a write; undefined when it was done. */
export function leftOf(subject: Subject, written: Written): LeftOver | undefined {
  const { left, isKnown, problem } = written;
  const { v2Id: id, type = '' } = subject.entity;
  const isBad = problem !== undefined && problem.type !== 'ResourceNotFound';
  if (isKnown && left.length === 0 && !isBad) return undefined;
  return { id, type, names: isKnown ? left : attributesIn(subject.body), problem: problemOf(subject, written) };
}

/** An update that a source does not take is answered like one of what does not exist, as by Orion. */
function problemOf({ way, entity, isOfAttribute }: Subject, { left, isKnown, problem }: Written): Error {
  const missing = isOfAttribute && isKnown ? noAttribute() : noEntity();
  if (way === 'update') return missing;
  if (problem) return problem.type === 'ResourceNotFound' ? missing : refusalOf(problem);
  if (!isKnown || !isKeeping(way)) return missing;
  const name = named(entity.v2Id, entity.type);
  const why = 'one or more of the attributes in the request already exist';
  return new V2Problem('Unprocessable', `${why}: ${name} - ${listed(left)}`);
}

const refusalOf = (problem: ProblemReport): Error =>
  problem.type === 'AlreadyExists' ? failureOf(problem) : new V2Problem('Unprocessable', problem.detail);

/** The error when something was left: with sources, Orion answers 404 in the place of 422. `isAnyDone`: something else was done. */
export function leftByAll(left: readonly LeftOver[], isAnyDone: boolean): Error {
  if (!isAnyDone) return left[0]?.problem ?? noEntity();
  const texts = left.map(({ id, type, names }) => `${id}-${type} : [${names.join(', ')}]`);
  const text = `Some of the following attributes were not updated: { ${texts.join(', ')} }`;
  return new V2Problem('NotFound', text, 'PartialUpdate');
}

/** Throws the error of v2 when something was left. */
export function refuseLeftOver(subject: Subject, written: Written): void {
  const left = leftOf(subject, written);
  if (left) throw leftByAll([left], left.names.length < attributesIn(subject.body).length);
}
