/** Requests of another project's API that the broker answers next to its own, so that clients written for that project work with it. */
import type { RequestHead } from '../access/identity.ts';
import type { JsonObject } from '../model/json.ts';
import type { OperationResult, OperationRequest, Caller, Method } from './operation.ts';

export interface CompatibilityRequest extends Pick<OperationRequest, 'path'>, Pick<Caller, 'origin'>, RequestHead {
  /** The body as sent; empty when there is none. */
  readonly text: string;
}

export type CompatibilityResult =
  /** 201 with the URL of the created resource, and a body. */
  | { readonly kind: 'made'; readonly location: string; readonly body: JsonObject }
  /** Any status with a JSON body. */
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: JsonObject;
      readonly headers: Readonly<Record<string, string>>;
    }
  | Extract<OperationResult, { kind: 'done' | 'events' }>;

/** One route of the other project's API. */
export interface CompatibilityRoute {
  readonly name: string;
  readonly method: Method;
  /** The path from the root of the server, with `{names}` for its variable parts. */
  readonly path: string;
  /** True when the sender needs a grant to subscribe. Absent: who knows the path may send it, because its ids cannot be guessed. */
  readonly isGuarded?: boolean;
  /** Maximum size of a body, in bytes. */
  readonly bodyBytesMax: number;
  /** Throws Problem. */
  answer(request: CompatibilityRequest): CompatibilityResult | Promise<CompatibilityResult>;
}
