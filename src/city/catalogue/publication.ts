/** What a catalogue is published as: its graph, and the URLs of its datasets and services. */
import type { DataTypes } from './data-types.ts';
import type { Dataset } from './dataset.ts';
import type { Graph, Subject } from './graph.ts';
import type { Catalogue } from './read-catalogue.ts';

/** Where the catalogue is published. */
export interface Site {
  /** The absolute URL of a document of the catalogue, which names the tenant. */
  urlOf(path: string): string;
  /** The absolute URL of a path of the broker that belongs to no tenant. */
  ownUrlOf(path: string): string;
  /** True for the tenant to which requests without the header NGSILD-Tenant go. */
  readonly isDefaultTenant: boolean;
  /** The name of the broker, which publishes a catalogue that nobody has described. */
  readonly name: string;
}

/** A graph that is being made of a catalogue. */
export interface Publication {
  readonly graph: Graph;
  readonly site: Site;
  readonly catalogue: Catalogue;
  readonly types: DataTypes;
  /** The language of texts that name none. */
  readonly language: string | undefined;
  /** Agents that are described already, by id or name. */
  readonly agents: Map<string, Subject>;
}

/** The URL of a dataset, at which its record is. */
export const datasetUrl = ({ slug }: Dataset, { site }: Pick<Publication, 'site'>): string =>
  site.urlOf(`/dcat/dataset/${slug}`);

/** The IRI of the NGSI-LD API: a part of the catalogue, which describes it. */
export const apiIri = ({ site }: Pick<Publication, 'site'>): string => `${site.urlOf('/dcat/catalog')}#ngsi-ld`;
