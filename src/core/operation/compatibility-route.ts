/** Requests of another project's API that the broker answers beside its own, so that clients written for that project work with it. */
import type { JsonObject } from '../model/json.ts';
import type { OperationResult, OperationRequest, Caller, Method } from './operation.ts';

export interface CompatibilityRequest extends Pick<OperationRequest, 'path'>, Pick<Caller, 'origin'> {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as sent; empty when there is none. */
  readonly text: string;
}

export type CompatibilityResult =
  /** 201 with the URL of what was made, and what is told of it. */
  | { readonly kind: 'made'; readonly location: string; readonly body: JsonObject }
  | Extract<OperationResult, { kind: 'done' | 'events' }>;

/** One request that can be made. */
export interface CompatibilityRoute {
  readonly name: string;
  readonly method: Method;
  /** From the root of the server on, with `{names}` for its variable parts. */
  readonly path: string;
  /** Most bytes of a body. */
  readonly bodyBytesMax: number;
  /** Throws Problem. */
  answer(request: CompatibilityRequest): CompatibilityResult;
}
