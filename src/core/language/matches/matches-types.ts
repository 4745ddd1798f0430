/** Tests whether the types of an entity match an entity type selection (clause 4.17). */
import type { TypeSelection } from '../filter.ts';

/** Selection and types have expanded names. */
export function matchesTypes(selection: TypeSelection, types: readonly string[]): boolean {
  switch (selection.op) {
    case 'any':
      return true;
    case 'type':
      return types.includes(selection.type);
    case 'and':
      return selection.parts.every((part) => matchesTypes(part, types));
    case 'or':
      return selection.parts.some((part) => matchesTypes(part, types));
  }
}
