/** Combines several messengers into one, which selects by URI scheme. */
import type { Messenger } from '../port/messenger.ts';

const schemeOf = (uri: string): string => uri.slice(0, uri.indexOf(':')).toLowerCase();

export function joinMessengers(messengers: readonly Messenger[]): Messenger {
  const find = (uri: string): Messenger | undefined =>
    messengers.find(({ schemes }) => schemes.includes(schemeOf(uri)));
  return {
    schemes: messengers.flatMap(({ schemes }) => schemes),
    objection(uri, notifierInfo) {
      const messenger = find(uri);
      return messenger ? messenger.objection(uri, notifierInfo) : `nobody carries to ${schemeOf(uri)}`;
    },
    send(message) {
      const reason = `nobody carries to ${schemeOf(message.uri)}`;
      return (
        find(message.uri)?.send(message) ?? {
          done: Promise.resolve({ kind: 'refused', reason }),
          abandon: () => undefined,
        }
      );
    },
    async close() {
      await Promise.all(messengers.map((messenger) => messenger.close()));
    },
  };
}
