/** The shape of every API operation: a value asks, a value answers. Bindings only translate (CIM 009 clauses 5 and 6). */
import type { Domain } from '../access/domain.ts';
import type { Action, Principal } from '../access/principal.ts';
import type { Context } from '../jsonld/context.ts';
import type { Instant } from '../model/instant.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { ProblemReport } from '../model/problem.ts';
import type { YieldToEventLoop, Clock, IdSource } from '../port/clock.ts';
import type { Memory } from '../port/memory.ts';
import type { Models } from '../port/models.ts';
import type { Observe } from '../port/observe.ts';
import type { Store, Stores } from '../port/store.ts';
import type { Subscriptions } from '../port/subscriptions.ts';
import type { MinorVersion } from '../representation/conform.ts';
import type { RenderCache } from '../representation/rendered.ts';
import type { ContextRegistry } from './context/registry.ts';
import type { Text } from './long-text.ts';
import type { Tickets } from './stream/tickets.ts';

/** What a client asks of an operation, whatever the binding. Everything is as sent, percent-decoding aside. */
export interface OperationRequest {
  /** Parts of the path, by the names in the operation's `path`: `id`, `attr`, ... */
  readonly path: Readonly<Record<string, string>>;
  /** Query parameters by name. */
  readonly params: Readonly<Record<string, string>>;
  /** The parsed body, without its top-level `@context` (but see `Operation.takesContext`). */
  readonly body?: Json;
  /** Of a client that comes back to a stream of events: the last position that it was told. */
  readonly lastEventId?: string;
}

/** How entities are to be written (clause 6.3.4). */
export type Media = 'json' | 'ld+json' | 'geo+json' | 'event-stream';

/** Bounds that are options of the broker. */
export interface Limits {
  /** Entities on a page when `limit` is not given, and the most that may be asked for. */
  readonly pageDefault: number;
  readonly pageMax: number;
  /** Elements of a batch. */
  readonly batchMax: number;
  /** Names, ids and selectors in the lists of a query or subscription. */
  readonly namesMax: number;
  /** Attributes of an entity, all instances and sub-attributes counted. */
  readonly attributesMax: number;
  /** Instances that one temporal answer is made of, and those that it shows before it is cut. */
  readonly instancesMax: number;
  readonly instancesPage: number;
}

/** What the broker is made of, seen from an operation. */
export interface World {
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
  readonly tickets: Tickets;
  readonly limits: Limits;
  /** How texts are ordered where a query does not say (`compareBy`). */
  readonly collation: string;
  readonly identity: Identity;
  /** True when requests are taken that clients made for other brokers send and the standard refuses (docs/compatibility.md). */
  readonly isTolerant: boolean;
}

/** Which broker this is, among others (clause 5.15). */
interface Identity {
  /** A name that no other broker has. */
  readonly alias: string;
  readonly startedAt: Instant;
}

/** Who asks, and in what terms. */
export interface Caller {
  readonly tenant: string;
  readonly principal: Principal;
  /** The part of the tenant that the request keeps to. Absent: all of it. */
  readonly domain?: Domain;
  /** Where the broker was reached, such as `http://localhost:1026`. Absent: it is not known, and its own URLs are paths. */
  readonly origin?: string;
  /** The @context of the request (clause 6.3.5). */
  readonly context: Context;
  readonly media: Media;
  /** True when every element of an array body brings its own @context (clause 6.3.5, `application/ld+json`). */
  readonly contextPerElement?: boolean;
  /** The minor number of the older version of the standard that the caller knows (clause 6.3.21). */
  readonly version?: MinorVersion;
  /** True when the caller wants the @context of GeoJSON in the Link header (clause 6.3.15). */
  readonly isContextInLink?: boolean;
}

/** What travels with a request: caller, world, the present time and the tenant's store behind its access guard. */
export interface CallContext extends Caller {
  readonly world: World;
  readonly now: Instant;
  readonly store: Store;
  /** The position of the newest change as clients hold it, for going on by stream. */
  position(): Promise<string>;
}

/** One page of a list: what a binding needs for counts and links (clause 6.3.10). */
export interface Page {
  readonly limit: number;
  readonly offset: number;
  readonly hasMore: boolean;
  /** The number of all matches, when asked for. */
  readonly count?: number;
}

/** A part of time that a long history was cut to. */
export interface TimeRange {
  readonly start: Instant;
  readonly end: Instant;
  readonly size: number | '*';
}

/** What an operation answers. Statuses and headers are the binding's affair. */
export type OperationResult =
  /** 201 with the path of what was made. */
  | { readonly kind: 'created'; readonly location: string }
  /** 201 with the ids that a batch made. */
  | { readonly kind: 'createdMany'; readonly ids: readonly string[] }
  /** 204. */
  | { readonly kind: 'done' }
  /** 207 with an UpdateResult or BatchOperationResult. `refused`: the elements of a batch that were, by their place in it. */
  | { readonly kind: 'partly'; readonly body: JsonObject; readonly refused?: ReadonlyMap<number, ProblemReport> }
  /**
   * 200 with JSON text, which already holds the @context where the media type puts it in the body.
   * `position`: the newest change the answer is sure to include, for going on by stream.
   */
  | {
      readonly kind: 'found';
      readonly text: Text;
      readonly page?: Page;
      readonly position?: string;
      /** The part of time that is shown, where it is not all that was asked for: 206 (clause 6.3.10). */
      readonly range?: TimeRange;
      /** True when the text is in the words of an older version: 203 (clause 6.3.21). */
      readonly isReformatted?: boolean;
    }
  /** 200 with a text that goes on until one of both ends it. `begin` is called once the text can be sent, or never. */
  | { readonly kind: 'events'; readonly begin: (sink: EventSink) => void };

/** Where a text without end goes. */
export interface EventSink {
  /** Hands over text. Calls back when the client has taken it, or is gone. */
  write(text: string, taken: () => void): void;
  /** Bytes that the client has not taken yet. */
  backlog(): number;
  isOpen(): boolean;
  /** Ends the text, and the connection too if the client does not take what waits for it. */
  end(): void;
  /** Calls back once it is over. */
  closed(listener: () => void): void;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One API operation. `path` is below `/ngsi-ld/v1`, with `{names}` for its variable parts. */
export interface Operation {
  readonly name: string;
  /** The clause of CIM 009 that defines it; of the broker's own operations, the one whose matter it is. */
  readonly clause: string;
  readonly method: Method;
  readonly path: string;
  readonly action: Action;
  /** Every query parameter it takes; any other is an InvalidRequest (clause 6.3.20). */
  readonly parameters: readonly string[];
  /** Media types of its answer, in the server's order of preference. */
  readonly media: readonly Media[];
  /** What the body must be; `any` takes every JSON value. */
  readonly body: 'none' | 'object' | 'array' | 'any';
  /** An unknown tenant is created by it, or does not matter to it; otherwise there must be one (clause 4.14). */
  readonly unknownTenant?: 'create' | 'ignore';
  /** True when it is about @contexts (clause 5.13), or says nothing in terms: one in the body is data, and the answer is in none. */
  readonly takesContext?: boolean;
  run(request: OperationRequest, call: CallContext): Promise<OperationResult>;
}
