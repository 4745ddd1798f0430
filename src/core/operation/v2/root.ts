/** The entry point of NGSI v2: where its resources are. */
import type { Operation } from '../operation.ts';
import { v2ReadHead } from './heads.ts';

const resources = JSON.stringify({
  entities_url: '/v2/entities',
  types_url: '/v2/types',
  subscriptions_url: '/v2/subscriptions',
  registrations_url: '/v2/registrations',
});

export const retrieveV2Root: Operation = {
  ...v2ReadHead,
  name: 'retrieveV2Root',
  path: '/v2',
  access: 'open',
  unknownTenant: 'ignore',
  run: () => Promise.resolve({ kind: 'found', text: resources }),
};
