/** The shape of every API operation: a request value in, a result value out. Bindings only translate (CIM 009 clauses 5 and 6). */
import type { Domain } from '../access/domain.ts';
import type { AccessPolicy } from '../access/policy.ts';
import type { OperationClass } from '../access/grant.ts';
import type { Quotas } from '../access/quotas.ts';
import type { Action, Principal } from '../access/principal.ts';
import type { Registrations } from '../federation/registrations.ts';
import type { SourceStores } from '../federation/source-store.ts';
import type { Context } from '../jsonld/context.ts';
import type { BrokenRule } from '../model/broken-rules.ts';
import type { Instant } from '../model/instant.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { ProblemReport } from '../model/problem.ts';
import type { Audit } from '../port/audit.ts';
import type { YieldToEventLoop, Clock, IdSource } from '../port/clock.ts';
import type { Memory } from '../port/memory.ts';
import type { Messenger } from '../port/messenger.ts';
import type { Models } from '../port/models.ts';
import type { Observe } from '../port/observe.ts';
import type { Sources } from '../port/sources.ts';
import type { Store, Stores } from '../port/store.ts';
import type { SubjectFiles } from '../port/subject-files.ts';
import type { SubjectPseudonyms } from '../port/subject-pseudonyms.ts';
import type { Subscriptions } from '../port/subscriptions.ts';
import type { MinorVersion } from '../representation/conform.ts';
import type { RenderCache } from '../representation/rendered.ts';
import type { SourceTrace } from './distributed/source-trace.ts';
import type { ContextRegistry } from './context/registry.ts';
import type { LongContent, Text } from './long-text.ts';
import type { SnapshotRuns } from './snapshot/runs.ts';
import type { Tickets } from './stream/tickets.ts';

/** What a client requests, whatever the binding. Everything is as sent, except that percent-encoding is decoded. */
export interface OperationRequest {
  /** Variable parts of the path, by their names in the operation's `path`: `id`, `attr`, ... */
  readonly path: Readonly<Record<string, string>>;
  /** Query parameters by name. */
  readonly params: Readonly<Record<string, string>>;
  /** The parsed body, without its top-level `@context` (but see `Operation.takesContext`). */
  readonly body?: Json;
  /** When a client reconnects to a stream of events: the last position that it received. */
  readonly lastEventId?: string;
}

/** The media type of the answer (clause 6.3.4). */
export type Media =
  | 'json'
  | 'ld+json'
  | 'geo+json'
  | 'event-stream'
  | 'ndjson'
  | 'csv'
  | 'turtle'
  | 'rdf+xml'
  | 'parquet';

/** Limits that are options of the broker. */
export interface Limits {
  /** Entities on a page when `limit` is not given, and the maximum of `limit`. */
  readonly pageDefault: number;
  readonly pageMax: number;
  /** Maximum number of elements of a batch. */
  readonly batchMax: number;
  /** Maximum number of names, ids and selectors in the lists of a query or subscription. */
  readonly namesMax: number;
  /** Maximum number of attributes of an entity, counting all instances and sub-attributes. */
  readonly attributesMax: number;
  /** Maximum number of instances that one temporal answer is computed from, and that it shows before it is cut. */
  readonly instancesMax: number;
  readonly instancesPage: number;
  /** Maximum number of snapshots of a tenant, of entities in one, and of hours that one lives. */
  readonly snapshotsMax: number;
  readonly snapshotEntitiesMax: number;
  readonly snapshotHoursMax: number;
  /** Maximum number of entity maps of a tenant. */
  readonly entityMapsMax: number;
}

/** The parts of the broker that operations use. */
export interface Services {
  readonly access: AccessPolicy;
  readonly stores: Stores;
  readonly contexts: ContextRegistry;
  readonly models: Models;
  readonly clock: Clock;
  readonly yieldToEventLoop: YieldToEventLoop;
  readonly ids: IdSource;
  readonly observe: Observe;
  readonly renders: RenderCache;
  readonly memory: Memory;
  readonly subscriptions: Subscriptions;
  /** Subscriptions to registrations. Absent: there are none. */
  readonly registrationSubscriptions?: Subscriptions;
  readonly snapshots: SnapshotRuns;
  /** Sends notifications that belong to no subscription. */
  readonly messenger: Messenger;
  readonly registrations: Registrations;
  /** What is kept for copies of subscriptions at sources. */
  readonly sourceStores: SourceStores;
  /** Absent: no context source is asked. */
  readonly sources?: Sources;
  readonly tickets: Tickets;
  /** Absent: nothing is recorded, because access is open. */
  readonly audit?: Audit;
  /** Absent: files are not looked at when a subject is erased. */
  readonly subjectFiles?: SubjectFiles;
  /** Absent: nothing names subjects by pseudonyms. */
  readonly subjectPseudonyms?: SubjectPseudonyms;
  /** Absent: nobody is limited. */
  readonly quotas?: Quotas;
  readonly limits: Limits;
  /** The order of texts when a query does not specify one (`compareBy`). */
  readonly collation: string;
  readonly identity: Identity;
  /** True when the broker accepts requests that the standard refuses but clients of other brokers send (docs/compatibility.md). */
  readonly isTolerant: boolean;
}

/** Identifies this broker among others (clause 5.15). */
interface Identity {
  /** A name that is unique among brokers. */
  readonly alias: string;
  readonly startedAt: Instant;
}

/** Who sends the request, and the @context, media type and version that apply to it. */
export interface Caller {
  readonly tenant: string;
  /** With the grants when the request began. */
  readonly principal: Principal;
  /** The same caller with its present grants, which may have changed since the request began. Absent: they are those of `principal`. */
  readonly presentPrincipal?: () => Principal;
  /** The part of the tenant that the request is limited to. Absent: the whole tenant. */
  readonly domain?: Domain;
  /**
   * The URL at which the client reached the broker, such as `http://localhost:1026`. Absent: unknown, and the broker's own URLs are paths.
   */
  readonly origin?: string;
  /** The IP address of the client. Absent: it has none, as on the control socket, or the binding has no clients. */
  readonly address?: string;
  /** The @context of the request (clause 6.3.5). */
  readonly context: Context;
  readonly media: Media;
  /** True when every element of an array body has its own @context (clause 6.3.5, `application/ld+json`). */
  readonly contextPerElement?: boolean;
  /** The minor number of the older version of the standard that the caller supports (clause 6.3.21). */
  readonly version?: MinorVersion;
  /** The id of the snapshot that the request is about. Absent: the data of the tenant. */
  readonly snapshot?: string;
  /** True when the caller asks for what the draft of NGSI-LD 2.0 does otherwise. */
  readonly wantsDraft?: boolean;
  /** True when the caller wants to know which rules of data models in mode `warn` the elements of a batch break. */
  readonly wantsModelWarnings?: boolean;
  /** True when the caller wants the @context of GeoJSON in the Link header (clause 6.3.15). */
  readonly isContextInLink?: boolean;
  /** The headers of the request by their lower-case names, for the sources that it is forwarded to. Absent: the binding has none. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The value of the header Fiware-Correlator that the client sent. Absent: it sent none, or one that is not valid. */
  readonly correlator?: string | undefined;
}

/** Everything that an operation gets with a request: caller, services, present time, and the tenant's store behind its access guard. */
export interface CallContext extends Caller {
  readonly services: Services;
  readonly now: Instant;
  readonly store: Store;
  /** Names the store. Different stores have different names. */
  readonly storeName: string;
  /** Collects the rules of data models in mode `warn` that are broken. Absent: nobody wants them. */
  readonly brokenRules?: BrokenRule[];
  /** Notes what sources are asked for. Absent: nobody wants it explained. */
  readonly trace?: SourceTrace;
  /** The position of the newest change in the form that clients get, to continue with a stream. */
  position(): Promise<string>;
}

/** One page of a list: what a binding needs for counts and links (clause 6.3.10). */
export interface Page {
  readonly limit: number;
  readonly offset: number;
  readonly hasMore: boolean;
  /** The number of all matches, when the request asks for it. */
  readonly count?: number;
}

/** The entity map that a result belongs to: 201 when this request made it (clause 6.4.3.2). */
export interface FoundMap {
  /** The value of the header NGSILD-EntityMap. */
  readonly location: string;
  readonly isCreated: boolean;
}

/** The time range that a long history was cut to. */
export interface TimeRange {
  readonly start: Instant;
  readonly end: Instant;
  readonly size: number | '*';
}

/** The content of a document: a text, bytes, or pieces of these that are made while they are sent. */
export type DocumentContent = string | Uint8Array | LongContent;

/** The result of an operation. Bindings choose statuses and headers. */
export type OperationResult =
  /** 201 with the path of the created resource, and perhaps a body. `isAccepted`: 202, as the draft of NGSI-LD 2.0 has it. */
  | { readonly kind: 'created'; readonly location: string; readonly body?: JsonObject; readonly isAccepted?: boolean }
  /** 201 with the ids of the entities that a batch created. */
  | { readonly kind: 'createdMany'; readonly ids: readonly string[] }
  /** 204, perhaps with the path of the resource. */
  | { readonly kind: 'done'; readonly location?: string }
  /** 200 with a plain text. */
  | { readonly kind: 'plain'; readonly text: string }
  /** 207 with an UpdateResult or BatchOperationResult. `refused`: the refused elements of a batch, by their index. */
  | { readonly kind: 'partly'; readonly body: JsonObject; readonly refused?: ReadonlyMap<number, ProblemReport> }
  /** 200 with a BatchOperationResult that has warnings: every element was applied. */
  | { readonly kind: 'warned'; readonly body: JsonObject }
  /**
   * 200 with JSON text, which already contains the @context if the media type puts it in the body. `position`: the newest change that the
   * answer certainly includes, to continue with a stream.
   */
  | {
      readonly kind: 'found';
      readonly text: Text;
      readonly page?: Page;
      /** Parameters of the next page, where pages do not begin at an `offset`. */
      readonly nextPage?: Readonly<Record<string, string>>;
      readonly position?: string;
      /** The time range that is shown, when it is less than the request asked for: 206 (clause 6.3.10). */
      readonly range?: TimeRange;
      /** What went wrong at sources: values of NGSILD-Warning (clause 6.3.17). */
      readonly warnings?: readonly string[];
      readonly entityMap?: FoundMap;
      /** The media type of the text, where it is not that of the call. */
      readonly media?: Media;
      /** True when the text is in the representation of an older version: 203 (clause 6.3.21). */
      readonly isReformatted?: boolean;
    }
  /** A document outside the NGSI-LD API, with its own status and headers. Without content, as for 304, only these are sent. */
  | {
      readonly kind: 'document';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly content?: DocumentContent;
    }
  /**
   * 200 with a text that continues until one side ends it. `open` is called before the head of the answer is sent, or never. It takes the
   * place of the stream, or throws TooManyRequests or Unavailable. What it returns is called in the same step.
   */
  | { readonly kind: 'events'; readonly open: () => (sink: EventSink) => void };

/** Receives a text without end. */
export interface EventSink {
  /** Sends text. Calls back later, when the operating system has taken it or the client is gone. */
  write(text: string, taken: () => void): void;
  /** Bytes that the client has not received yet. */
  backlog(): number;
  isOpen(): boolean;
  /** Ends the text. Also ends the connection if the client does not receive the pending bytes. */
  end(): void;
  /** Breaks the connection at once. */
  abort(): void;
  /** Calls back when the text has ended. */
  closed(listener: () => void): void;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One API operation. `path` is below `/ngsi-ld/v1`, with `{names}` for its variable parts. */
export interface Operation {
  readonly name: string;
  /** The clause of CIM 009 that defines it; for the broker's own operations, the closest clause. */
  readonly clause: string;
  readonly method: Method;
  readonly path: string;
  readonly action: Action;
  /** The right that it needs. `open`: none, because it accesses nothing of a tenant. `public`: none, and no credentials either. */
  readonly access: OperationClass | 'open' | 'public';
  /**
   * True when it checks itself who may access which document of a collection, such as subscriptions. Otherwise it needs all of the tenant
   * for that.
   */
  readonly checksDocuments?: true;
  /** True when it erases what its path names: the audit does not record the name. */
  readonly namesErased?: true;
  /** All query parameters that it takes; any other is an InvalidRequest (clause 6.3.20). */
  readonly parameters: readonly string[];
  /** Media types of its answer, in the server's order of preference. */
  readonly media: readonly Media[];
  /** What the body must be; `any` takes every JSON value. `value`: any JSON value as `application/json`, in which an @context is data. */
  readonly body: 'none' | 'object' | 'objectOrNone' | 'array' | 'any' | 'value';
  /** The member of the body that lists the elements of a batch. Absent: a body of the kind `array` is the list. */
  readonly elementsIn?: string;
  /** The parameter that may hold the key of the sender, where the standard of the operation says so. The operation does not get it. */
  readonly keyParameter?: string;
  /**
   * `create`: it creates an unknown tenant. `ignore`: an unknown tenant does not matter to it. `empty`: an unknown tenant has no data. Absent:
   * the tenant must exist (clause 4.14).
   */
  readonly unknownTenant?: 'create' | 'ignore' | 'empty';
  /**
   * True when the operation is about @contexts (clause 5.13) or uses no terms: an @context in the body is data, and the answer has none.
   */
  readonly takesContext?: boolean;
  run(request: OperationRequest, call: CallContext): Promise<OperationResult>;
}
