/** Says in which member of a document, or in which parameter, something is wrong. */
import { Problem } from '../problem.ts';

/** Carries out the reading of a member. A problem that does not name the member, for what is wrong stands deep in it, does so then. */
export const inMember = <T>(name: string, read: () => T): T => within('member', name, read);

/** As `inMember`, of a parameter. */
export const inParameter = <T>(name: string, read: () => T): T => within('parameter', name, read);

function within<T>(what: 'member' | 'parameter', name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Problem) || names(error.message).includes(name)) throw error;
    throw new Problem(error.type, `The ${what} ${name} is wrong. ${error.message}`, error.cause);
  }
}

/** The words that may be names of members. */
const names = (message: string): readonly string[] => message.match(/[\w.]*\w/g) ?? [];
