/** Tests the operations on grants and the audit while access is open. test/edge/access tests them with credentials. */
import { scenarios } from './scenario.ts';

const grant = { to: 'public', operations: ['read'] };

scenarios('access', {
  'nobody has credentials while access is open, so nobody can make grants that outlive that': [
    { does: 'listGrants', send: 'GET /access/grants', answers: 403 },
    { does: 'createGrant', send: 'POST /access/grants', body: grant, answers: 403 },
    { does: 'retrieveGrant', send: 'GET /access/grants/urn:g:1', answers: 403 },
    { does: 'replaceGrant', send: 'PUT /access/grants/urn:g:1', body: grant, answers: 403 },
    { does: 'deleteGrant', send: 'DELETE /access/grants/urn:g:1', answers: 403 },
    { does: 'queryAudit', send: 'GET /access/audit', answers: 403 },
    {
      does: 'createRegistration',
      send: 'POST /csourceRegistrations',
      body: {
        id: 'urn:ngsi-ld:ContextSourceRegistration:peer',
        type: 'ContextSourceRegistration',
        information: [{ entities: [{ type: 'Peer' }] }],
        endpoint: 'http://user:secret@peer.example:1026/a',
      },
      answers: 201,
    },
    {
      does: 'listPeers',
      send: 'GET /access/peers?count=true',
      answers: 200,
      gives: [
        {
          type: 'Peer',
          host: 'peer.example:1026',
          state: 'unknown',
          registrationCount: 1,
          registrations: ['urn:ngsi-ld:ContextSourceRegistration:peer'],
        },
      ],
      with: { 'NGSILD-Results-Count': '1' },
    },
    {
      does: 'listTenants',
      send: 'GET /access/tenants?count=true',
      answers: 200,
      gives: [{ type: 'Tenant', name: '' }],
      with: { 'NGSILD-Results-Count': '1' },
    },
    { does: 'explainAccess', send: 'GET /access/explain?operation=administer', answers: 200 },
  ],
});
