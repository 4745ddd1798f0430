/** Adds to an error the name of the faulty document member or parameter. */
import { Problem } from '../problem.ts';

/** Reads a member. Adds the member's name to an error whose message does not contain it. */
export const inMember = <T>(name: string, read: () => T): T => within('member', name, read);

/** Like `inMember`, for a parameter. */
export const inParameter = <T>(name: string, read: () => T): T => within('parameter', name, read);

function within<T>(what: 'member' | 'parameter', name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Problem) || names(error.message).includes(name)) throw error;
    throw new Problem(error.type, `The ${what} ${name} is wrong. ${error.message}`, error.cause);
  }
}

/** The words in a message that can be names of members. */
const names = (message: string): readonly string[] => message.match(/[\w.]*\w/g) ?? [];
