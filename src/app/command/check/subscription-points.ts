/** The points of subscriptions: the components that SynchroniCity's platforms are built of get notifications that they understand. */
import { isObject, type Json } from '../../../core/model/json.ts';
import {
  type Check,
  type CheckPoint,
  descriptionOf,
  elementsOf,
  type Received,
  requireStatus,
  requireThat,
  valueAt,
} from './check-point.ts';

const area = 'context' as const;

/** Subscribes, changes the first car park, and returns the notification. The subscription is deleted again. */
async function notified(check: Check, path: string, notification: Readonly<Record<string, Json>>): Promise<Received> {
  const url = await check.receiverUrl(path);
  const subject = { entities: [{ id: check.carParks[0], type: 'OffStreetParking' }] };
  const body = { description: descriptionOf(check), subject, notification: { ...notification, http: { url } } };
  const made = await check.send({ method: 'POST', path: '/v2/subscriptions', body });
  requireStatus(made, 201);
  const id = made.headers.get('location')?.split('/').at(-1) ?? '';
  requireThat(/^[0-9a-f]{24}$/.test(id), `The id ${JSON.stringify(id)} in Location has not 24 hexadecimal digits.`);
  try {
    const attributes = `/v2/entities/${check.carParks[0]}/attrs?options=keyValues`;
    // Every notification of a run has a path of its own, so that each change has another value.
    const change = { availableSpotNumber: path.length };
    requireStatus(await check.send({ method: 'PATCH', path: attributes, body: change }), 204);
    return await check.received(path);
  } finally {
    requireStatus(await check.send({ method: 'DELETE', path: `/v2/subscriptions/${id}` }), 204);
  }
}

function requireHeader({ headers }: Received, name: string, is: (value: string) => boolean): void {
  const value = headers[name.toLowerCase()];
  requireThat(value !== undefined && is(value), `The notification has the header ${name}: ${value ?? '(none)'}.`);
}

/** The only entity of a notification. */
function entityIn({ json }: Received): Json | undefined {
  const data = elementsOf(valueAt(json, 'data'));
  requireThat(data.length === 1, `The notification has ${data.length} entities, not one.`);
  requireThat(typeof valueAt(json, 'subscriptionId') === 'string', 'The notification has no subscriptionId.');
  return data[0];
}

const isNormalized = (attribute: Json | undefined): boolean =>
  isObject(attribute) && 'type' in attribute && 'value' in attribute && isObject(attribute['metadata']);

export const subscriptionPoints: readonly CheckPoint[] = [
  {
    area,
    title: 'QuantumLeap is notified with the times that it asks for',
    async run(check) {
      const told = await notified(check, '/v2/notify', { metadata: ['dateCreated', 'dateModified'] });
      const attribute = valueAt(entityIn(told), 'availableSpotNumber');
      requireThat(isNormalized(attribute), 'The notification is not normalized.');
      const modified = valueAt(attribute, 'metadata', 'dateModified', 'value');
      requireThat(typeof modified === 'string', 'There is no metadata dateModified.');
    },
  },
  {
    area,
    title: 'Cygnus is notified with its headers',
    async run(check) {
      const told = await notified(check, '/notify', { attrsFormat: 'normalized' });
      requireHeader(told, 'Ngsiv2-AttrsFormat', (value) => value === 'normalized');
      requireHeader(told, 'Fiware-ServicePath', (value) => value === check.servicePath);
      const { service } = check.platform;
      if (service !== '') requireHeader(told, 'Fiware-Service', (value) => value === service.toLowerCase());
      requireHeader(told, 'Content-Type', (value) => value.startsWith('application/json'));
      requireThat(isNormalized(valueAt(entityIn(told), 'availableSpotNumber')), 'The notification is not normalized.');
    },
  },
  {
    area,
    title: 'Perseo is notified with a service path and a correlator',
    async run(check) {
      const told = await notified(check, '/notices', { attrs: ['availableSpotNumber'] });
      requireHeader(told, 'Fiware-ServicePath', (value) => value === check.servicePath);
      requireHeader(told, 'Fiware-Correlator', (value) => /; cbnotif=\d+$/.test(value));
      const entity = entityIn(told);
      const names = isObject(entity) ? Object.keys(entity).toSorted().join(' ') : '';
      requireThat(names === 'availableSpotNumber id type', `The entity has the members ${names}.`);
    },
  },
  {
    area,
    title: 'the old attrsFormat legacy is refused',
    async run(check) {
      const url = await check.receiverUrl('/notify');
      const subject = { entities: [{ id: check.carParks[0], type: 'OffStreetParking' }] };
      const notification = { http: { url }, attrsFormat: 'legacy' };
      const answer = await check.send({
        method: 'POST',
        path: '/v2/subscriptions',
        body: { description: descriptionOf(check), subject, notification },
      });
      requireStatus(answer, 400);
    },
  },
];
