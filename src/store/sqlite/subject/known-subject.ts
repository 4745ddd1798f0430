/** What a file has of a subject under numbers: its own histories, and the texts in the table of names that name it. */
import type { Database } from 'better-sqlite3';
import { type Named, namedBy, needlesOf } from '../../../core/model/subject/named.ts';

/** The numbers of one subject, and the parameters of the statements that look for it. */
export interface KnownSubject {
  readonly id: string;
  readonly isNamed: Named;
  /** JSON texts that a stored text contains if it names the subject. */
  readonly a: string;
  readonly b: string;
  /** The histories of the entities whose ids name it, as a JSON array of `subject` numbers. */
  readonly own: string;
  /** The numbers of texts in `name`: datasets, and rests of instances. A JSON array. */
  readonly texts: string;
}

/** SQL: whether a text may name the subject. */
export const mayName = (column: string): string => `(instr(${column}, @a) > 0 OR instr(${column}, @b) > 0)`;

/** SQL: whether a number is in a JSON array. */
export const isIn = (column: string, parameter: string): string =>
  `${column} IN (SELECT value FROM json_each(@${parameter}))`;

/** The parameters of `mayName`. */
export const needles = ({ a, b }: Pick<KnownSubject, 'a' | 'b'>): Pick<KnownSubject, 'a' | 'b'> => ({ a, b });

/** Looks up the numbers. `isFirst`: they may have changed since the last call with this id. */
export function createKnownSubjects(database: Database): (id: string, isFirst: boolean) => KnownSubject {
  const subjects = database.prepare<object, { id: string; subject: number }>(
    `SELECT id, subject FROM entity WHERE ${mayName('id')} UNION SELECT id, subject FROM departed WHERE ${mayName('id')}`,
  );
  const names = database.prepare<object, { num: number; text: string }>(
    `SELECT num, text FROM name WHERE ${mayName('text')}`,
  );
  let last: KnownSubject | undefined;
  return (id, isFirst) => {
    if (last?.id === id && !isFirst) return last;
    const isNamed = namedBy(id);
    const [a = '', b = a] = needlesOf(id);
    const own = subjects.all({ a, b }).filter((row) => isNamed(row.id));
    const texts = names.all({ a, b }).filter(({ text }) => isNamed(text));
    last = {
      id,
      isNamed,
      a,
      b,
      own: JSON.stringify(own.map(({ subject }) => subject)),
      texts: JSON.stringify(texts.map(({ num }) => num)),
    };
    return last;
  };
}
