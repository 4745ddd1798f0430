/** Identifies this broker (clause 5.15.1). */
import { aliasOf } from '../../federation/via.ts';
import { microsOfInstant } from '../../model/instant.ts';
import type { Operation } from '../operation.ts';
import { withContext } from '../view.ts';

export const retrieveSourceIdentity: Operation = {
  name: 'retrieveSourceIdentity',
  clause: '5.15.1',
  method: 'GET',
  path: '/info/sourceIdentity',
  action: 'read',
  access: 'read',
  parameters: [],
  media: ['json', 'ld+json'],
  body: 'none',
  unknownTenant: 'ignore',
  run(_request, call) {
    const { alias, startedAt } = call.services.identity;
    const seconds = Math.floor((microsOfInstant(call.now) - microsOfInstant(startedAt)) / 1_000_000);
    const name = aliasOf(alias, call.tenant);
    const identity = {
      id: `urn:ngsi-ld:ContextSourceIdentity:${name}`,
      type: 'ContextSourceIdentity',
      contextSourceAlias: name,
      contextSourceUptime: `PT${seconds}S`,
      contextSourceTimeAt: call.now,
    };
    return Promise.resolve({ kind: 'found', text: withContext(JSON.stringify(identity), call) });
  },
};
