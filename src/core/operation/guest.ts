/** Requests of another project's API that the broker answers beside its own, so that clients written for that project work with it. */
import type { JsonObject } from '../model/json.ts';
import type { Answer, Ask, Caller, Method } from './operation.ts';

export interface GuestAsk extends Pick<Ask, 'path'>, Pick<Caller, 'origin'> {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as sent; empty when there is none. */
  readonly text: string;
}

export type GuestAnswer =
  /** 201 with the URL of what was made, and what is told of it. */
  | { readonly kind: 'made'; readonly location: string; readonly body: JsonObject }
  | Extract<Answer, { kind: 'done' | 'events' }>;

/** One request that can be made. */
export interface Guest {
  readonly name: string;
  readonly method: Method;
  /** From the root of the server on, with `{names}` for its variable parts. */
  readonly path: string;
  /** Most bytes of a body. */
  readonly bodyBytesMax: number;
  /** Throws Problem. */
  answer(ask: GuestAsk): GuestAnswer;
}
