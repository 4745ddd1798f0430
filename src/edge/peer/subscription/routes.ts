/** The routes at which sources notify of copies of subscriptions. Who knows the id of a copy may send them. */
import type { CompatibilityRoute } from '../../../core/operation/compatibility-route.ts';
import type { Services } from '../../../core/operation/operation.ts';
import { receiveNotification } from './receive.ts';

const path = '/ngsi-ld/ex/remote-notify';

/** The URL for the notifications of a copy. `base` is the URL at which sources reach the broker. */
export const notifyUrlOf = (base: string, tenant: string, copy: string): string =>
  [`${base}${path}`, copy, ...(tenant === '' ? [] : [tenant])]
    .map((part, n) => (n === 0 ? part : encodeURIComponent(part)))
    .join('/');

/** The route without an id is for the default tenant: the `subscriptionId` in the body names the copy. */
export const notifyRoutes = (services: Services, bodyBytesMax: number): readonly CompatibilityRoute[] =>
  [path, `${path}/{copy}`, `${path}/{copy}/{tenant}`].map((one) => ({
    name: 'notifyOfCopy',
    method: 'POST',
    path: one,
    bodyBytesMax,
    async answer({ path: { copy, tenant = '' }, headers, text }) {
      await receiveNotification({ tenant, headers, text, ...(copy === undefined ? undefined : { copy }) }, services);
      return { kind: 'json', status: 200, body: {}, headers: {} };
    },
  }));
