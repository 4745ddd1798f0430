/** Reads what a context source answered to elements of a batch (clauses 5.2.16, 5.2.17). */
import type { Registration } from '../../federation/registration.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { ProblemReport } from '../../model/problem.ts';
import type { SourceAnswer } from '../../port/sources.ts';
import { type PartResult, resultOfAnswer } from '../distributed/distributed-result.ts';

/** What became of the elements of a batch, by their ids, of which a source got these. */
export function resultsOfBatch(
  registration: Registration,
  ids: readonly string[],
  answer: SourceAnswer,
): ReadonlyMap<string, PartResult> {
  const all = resultOfAnswer({ registration }, answer);
  const body = answer.kind === 'answered' && answer.status === 207 ? answer.body : undefined;
  const { success, errors } = isObject(body) ? body : {};
  const done = new Set(isArray(success) ? success : []);
  const failures = isArray(errors) ? errors.filter(isObject) : [];
  const failed = new Map(failures.map(({ entityId, error }) => [entityId, isObject(error) ? error : {}] as const));
  return new Map(
    ids.map((id): readonly [string, PartResult] => {
      const details = failed.get(id);
      if (details) return [id, { registration, problem: problemIn(details), details }];
      return [id, done.has(id) ? { registration } : all];
    }),
  );
}

const problemIn = ({ detail, title }: JsonObject): ProblemReport => ({
  type: 'SourceFailed',
  detail: typeof detail === 'string' ? detail : typeof title === 'string' ? title : 'The source refused it.',
});

/** The ids that a source says it created (clauses 5.6.7, 5.6.8). */
export const createdIn = (answer: SourceAnswer): readonly Json[] =>
  answer.kind === 'answered' && answer.status === 201 && isArray(answer.body) ? answer.body : [];
