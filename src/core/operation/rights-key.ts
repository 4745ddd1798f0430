/** Tells callers with different rights apart, where they may share what was made for one of them. */
import type { CallContext } from './operation.ts';

/** What a caller may see, as a text. Callers with the same text see the same of the same store. */
export const rightsKey = ({ principal, storeName }: Pick<CallContext, 'principal' | 'storeName'>): string =>
  JSON.stringify([storeName, principal.grants]);
