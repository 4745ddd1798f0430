/** Defines how a registration says that its source speaks NGSI v2: by keys in `contextSourceInfo` (CIM 009 clause 5.2.22). */

/** Which requests a source of NGSI v2 gets. */
export const forwardingModes = ['all', 'query', 'update', 'none'] as const;
export type ForwardingMode = (typeof forwardingModes)[number];

/** The key with the forwarding mode. A source with it is asked by NGSI v2. */
export const forwardingKey = 'ngsiV2';
/** The service path of the entities. Absent: `/`. */
export const servicePathKey = 'ngsiV2ServicePath';
/** `inactive`: the source is not asked. */
export const statusKey = 'ngsiV2Status';
/** What a client said about NGSI v1, which is not spoken any more: it is kept to be shown again. */
export const legacyKey = 'ngsiV2LegacyForwarding';

/** How a source of NGSI v2 is asked. */
export interface V2Source {
  readonly forwarding: ForwardingMode;
  readonly servicePath: string;
  readonly isActive: boolean;
}
