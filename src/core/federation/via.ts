/** The path of a request through brokers, by which loops are detected (clauses 4.3.6.4, 6.3.18; RFC 9110, section 7.6.3). */

/** The name by which a tenant of this broker is known among brokers. */
export const aliasOf = (alias: string, tenant: string): string =>
  tenant === '' ? alias : `${alias}-${encodeURIComponent(tenant)}`;

/** The names of the brokers in a Via header. */
export const aliasesIn = (via: string | undefined): readonly string[] =>
  via === undefined ? [] : via.split(',').flatMap((entry) => entry.trim().split(/\s+/)[1] ?? []);

/** The Via header of a forwarded request. */
export const extendVia = (via: string | undefined, alias: string): string =>
  via === undefined || via.trim() === '' ? `1.1 ${alias}` : `${via}, 1.1 ${alias}`;
