/** Says in which member of a document something is wrong. */
import { Problem } from '../problem.ts';

/** Carries out the reading of a member. A problem that does not name the member, for what is wrong stands deep in it, does so then. */
export function inMember<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Problem) || names(error.message).includes(name)) throw error;
    throw new Problem(error.type, `The member ${name} is wrong. ${error.message}`, error.cause);
  }
}

/** The words that may be names of members. */
const names = (message: string): readonly string[] => message.match(/[\w.]*\w/g) ?? [];
