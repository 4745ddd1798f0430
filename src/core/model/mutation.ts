/** Defines mutations: a write request as plain data. A store applies a mutation to the current entity with `mutate`. */
import type { AssignMutation, UnassignMutation } from './v2/assignment.ts';
import type { Fragment, Instance } from './attribute.ts';
import type { Entity, EntityFragment } from './entity.ts';
import type { Instant } from './instant.ts';
import type { Json } from './json.ts';
import type { ProblemReport } from './problem.ts';

/** The addressed instances of an attribute: the default instance, one dataset, or all. */
export type InstanceChoice = { readonly datasetId?: string } | 'all';

/** One write to one entity. Fragments in `create`, `replace` and `upsert` are complete: every instance has kind and value. */
export type Mutation =
  /** POST /entities (clause 5.6.1): `AlreadyExists` when the id exists. */
  | { readonly op: 'create'; readonly id: string; readonly entity: EntityFragment }
  /** Copies an entity into a snapshot (5.16.1), with its time stamps and without a history. One that is there already stays. */
  | { readonly op: 'copy'; readonly id: string; readonly entity: Entity }
  /** PUT /entities/{id} (5.6.18): replaces all attributes, types and scope; `createdAt` stays. */
  | { readonly op: 'replace'; readonly id: string; readonly entity: EntityFragment }
  /** Batch upsert (5.6.8): creates the entity, or replaces it (`replace`), or overwrites the given attributes (`update`). */
  | { readonly op: 'upsert'; readonly id: string; readonly entity: EntityFragment; readonly mode: 'replace' | 'update' }
  /** POST /entities/{id}/attrs (5.6.3): adds instances. Existing instances are overwritten, or stay and are reported. */
  | { readonly op: 'append'; readonly id: string; readonly fragment: EntityFragment; readonly overwrite: boolean }
  /**
   * POST /temporal/entities and …/attrs (5.6.11, 5.6.12): like `append` with overwriting, but an instance that was observed before the
   * current instance does not replace it. When the entity does not exist, `create` creates it. The first scope of an entity, given without
   * a time, is valid from `since` on: the time of the oldest instance in the request.
   */
  | {
      readonly op: 'observe';
      readonly id: string;
      readonly entity: EntityFragment;
      readonly create: boolean;
      readonly since?: Instant;
    }
  /** PATCH /entities/{id}/attrs (5.6.2): replaces or adds whole instances; the NGSI-LD Null deletes. */
  | { readonly op: 'update'; readonly id: string; readonly fragment: EntityFragment }
  /** PATCH /entities/{id} (5.6.17, 5.5.12): deep merge. */
  | { readonly op: 'merge'; readonly id: string; readonly fragment: EntityFragment; readonly options?: MergeOptions }
  /** PATCH /entities/{id}/attrs/{attr} (5.6.4): given members overwrite, other members stay. */
  | ({ readonly op: 'partialUpdate' } & OfAttribute)
  /** PUT /entities/{id}/attrs/{attr} (5.6.19): replaces existing instances as a whole. */
  | ({ readonly op: 'replaceAttr' } & OfAttribute)
  /**
   * PUT /entities/{id}/attrs/{attr}/value (draft of NGSI-LD 2.0, TS 104 175 clause 10.2.6): replaces the value alone. The kind of the
   * attribute decides how `json` is read. `vocab`: `json` with its terms expanded, for a VocabProperty.
   */
  | {
      readonly op: 'setValue';
      readonly id: string;
      readonly attr: string;
      readonly json: Json;
      readonly vocab: Json;
      readonly datasetId?: string;
      /** Absent: an existing `observedAt` is removed. */
      readonly observedAt?: Instant;
    }
  /** DELETE /entities/{id}/attrs/{attr} (5.6.5). `attr` is an expanded name, or `scope`. */
  | { readonly op: 'deleteAttr'; readonly id: string; readonly attr: string; readonly which: InstanceChoice }
  /** Purge of attributes (5.6.21): the named attributes, or all others. Unknown names are not an error. */
  | {
      readonly op: 'removeAttrs';
      readonly id: string;
      readonly attrs: readonly string[];
      readonly which: 'these' | 'others';
    }
  /** DELETE /entities/{id} (5.6.6). */
  | { readonly op: 'delete'; readonly id: string }
  /** The writes of NGSI v2. */
  | AssignMutation
  | UnassignMutation;

/** What a request on one attribute gives for its instances, which differ in `datasetId`. */
interface OfAttribute {
  readonly id: string;
  readonly attr: string;
  readonly fragments: readonly Fragment[];
  /** The body had a single member with the name of the attribute. That is refused unless it names a sub-attribute. */
  readonly isWrapped?: boolean;
}

/** Parameters of a merge. */
export interface MergeOptions {
  /** The body is in simplified form: a value takes the kind of the existing attribute. */
  readonly simplified?: boolean;
  /** The language that a string sets in an existing LanguageProperty. */
  readonly lang?: string;
  /** The new `observedAt` of attributes that had one when their fragment gives none. */
  readonly observedAt?: string;
}

/** The result of a mutation. `unchanged` is a success without a write. */
export type Outcome =
  | {
      readonly status: 'created' | 'updated' | 'deleted' | 'unchanged';
      readonly notUpdated?: readonly NotUpdated[];
      readonly updated?: readonly string[];
      /** The types of the entity after the write, or before its deletion. Absent: not asked for (`Write.reportsTypes`). */
      readonly types?: readonly string[];
    }
  | { readonly status: 'refused'; readonly problem: ProblemReport; readonly types?: readonly string[] };

/** An attribute that a request could not change, and the reason (clause 5.2.19). The name is expanded. */
export interface NotUpdated {
  readonly attributeName: string;
  readonly reason: string;
}

/** An instance that is recorded only in the history of an entity. The name is expanded. */
export interface HistoryOnlyInstance {
  readonly name: string;
  readonly instance: Instance;
}
