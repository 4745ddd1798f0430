/** Asks context sources for entities. */
import type { Registration } from '../../federation/registration.ts';
import type { CallContext } from '../operation.ts';
import { askSources, type Question, type Reply } from './ask-sources.ts';
import { soughtEntities } from './sought.ts';

/** What the chosen sources have, if this broker asks sources at all. */
export const askChosen = async (
  { asked }: { readonly asked: readonly Registration[] },
  question: Question,
  call: CallContext,
): Promise<readonly Reply[]> => {
  const { sources } = call.services;
  return sources && asked.length > 0 ? askSources(asked, question, { call, sources, sought: soughtEntities }) : [];
};
