/** What the operations of the catalogue need besides the store. */
import type { DataTypes } from './data-types.ts';
import type { IrisOf } from './terms.ts';

export interface CatalogueOptions {
  readonly irisOf: IrisOf;
  readonly types: DataTypes;
  /** The URL at which the public reaches the broker. Empty: that of each request. */
  readonly publicUrl: string;
}
