/** What a write asks for, as plain data: a store applies it to the present entity by `mutate`. */
import type { Fragment, Instance } from './attribute.ts';
import type { EntityFragment } from './entity.ts';
import type { Instant } from './instant.ts';
import type { ProblemReport } from './problem.ts';

/** Which instances of an attribute are meant: the default one, one dataset, or all. */
export type InstanceChoice = { readonly datasetId?: string } | 'all';

/** One write to one entity. Fragments in `create`, `replace` and `upsert` are complete: every instance has kind and value. */
export type Mutation =
  /** POST /entities (clause 5.6.1): `AlreadyExists` when the id is taken. */
  | { readonly op: 'create'; readonly id: string; readonly entity: EntityFragment }
  /** PUT /entities/{id} (5.6.18): all attributes, types and scope become those given; `createdAt` stays. */
  | { readonly op: 'replace'; readonly id: string; readonly entity: EntityFragment }
  /** Batch upsert (5.6.8): create, else replace (`replace`) or overwrite what is given (`update`). */
  | { readonly op: 'upsert'; readonly id: string; readonly entity: EntityFragment; readonly mode: 'replace' | 'update' }
  /** POST /entities/{id}/attrs (5.6.3): add instances; existing ones are overwritten, or left and reported. */
  | { readonly op: 'append'; readonly id: string; readonly fragment: EntityFragment; readonly overwrite: boolean }
  /**
   * POST /temporal/entities and …/attrs (5.6.11, 5.6.12): as `append` with overwriting, but an instance that was observed
   * before the present one leaves that as it is. Where there is no entity, `create` makes one. The first scope of an entity, given
   * without a time, holds from `since` on: the time of the oldest instance that came with it.
   */
  | {
      readonly op: 'observe';
      readonly id: string;
      readonly entity: EntityFragment;
      readonly create: boolean;
      readonly since?: Instant;
    }
  /** PATCH /entities/{id}/attrs (5.6.2): replace or add whole instances; NGSI-LD Null deletes. */
  | { readonly op: 'update'; readonly id: string; readonly fragment: EntityFragment }
  /** PATCH /entities/{id} (5.6.17, 5.5.12): deep merge. */
  | { readonly op: 'merge'; readonly id: string; readonly fragment: EntityFragment; readonly options?: MergeOptions }
  /** PATCH /entities/{id}/attrs/{attr} (5.6.4): members given overwrite, others stay. */
  | ({ readonly op: 'partialUpdate' } & OfAttribute)
  /** PUT /entities/{id}/attrs/{attr} (5.6.19): whole instances, each in place of one that is there. */
  | ({ readonly op: 'replaceAttr' } & OfAttribute)
  /** DELETE /entities/{id}/attrs/{attr} (5.6.5). `attr` is an expanded name, or `scope`. */
  | { readonly op: 'deleteAttr'; readonly id: string; readonly attr: string; readonly which: InstanceChoice }
  /** Purge of attributes (5.6.21): those named, or all others. Names that are not there are no fault. */
  | {
      readonly op: 'removeAttrs';
      readonly id: string;
      readonly attrs: readonly string[];
      readonly which: 'these' | 'others';
    }
  /** DELETE /entities/{id} (5.6.6). */
  | { readonly op: 'delete'; readonly id: string };

/** What a request on one attribute says of its instances, which differ in `datasetId`. */
interface OfAttribute {
  readonly id: string;
  readonly attr: string;
  readonly fragments: readonly Fragment[];
  /** The body had one member alone, of the attribute's own name: that is refused unless it names a sub-attribute. */
  readonly isWrapped?: boolean;
}

/** Parameters of a merge. */
export interface MergeOptions {
  /** The body was in simplified form: values take the kind of the attribute they meet. */
  readonly simplified?: boolean;
  /** For strings that meet a LanguageProperty: the one language they set. */
  readonly lang?: string;
  /** For attributes that had `observedAt` and are given none. */
  readonly observedAt?: string;
}

/** How a mutation ended. `unchanged` is a success that wrote nothing. */
export type Outcome =
  | {
      readonly status: 'created' | 'updated' | 'deleted' | 'unchanged';
      readonly notUpdated?: readonly NotUpdated[];
      readonly updated?: readonly string[];
    }
  | { readonly status: 'refused'; readonly problem: ProblemReport };

/** An attribute that a request could not change, and why (clause 5.2.19). The name is expanded. */
export interface NotUpdated {
  readonly attributeName: string;
  readonly reason: string;
}

/** An instance for the history of an entity alone. The name is expanded. */
export interface PastOnly {
  readonly name: string;
  readonly instance: Instance;
}
