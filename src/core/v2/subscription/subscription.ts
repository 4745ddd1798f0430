/** Defines a subscription of NGSI v2 after reading. Names and ids are in the spelling of v2. */
import type { Instant } from '../../model/instant.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { V2Expression } from '../expression.ts';

export const alterationTypes = ['entityCreate', 'entityChange', 'entityUpdate', 'entityDelete'] as const;
export type AlterationType = (typeof alterationTypes)[number];

export const attrsFormats = [
  'simplifiedNormalized',
  'simplifiedKeyValues',
  'normalized',
  'keyValues',
  'values',
] as const;
type AttrsFormat = (typeof attrsFormats)[number];

/** One element of `subject.entities`. Exactly one of `id` and `idPattern` is given, and at most one of `type` and `typePattern`. */
export interface SubjectEntity {
  readonly id?: string;
  readonly idPattern?: string;
  readonly type?: string;
  readonly typePattern?: string;
}

/** `subject.condition`. */
export interface SubjectCondition {
  /** Attributes that trigger. Empty: all. */
  readonly attrs: readonly string[];
  /** As given. */
  readonly expression?: V2Expression;
  /** Must evaluate to true. */
  readonly jexlExpression?: string;
  readonly alterationTypes: ReadonlySet<AlterationType>;
  readonly notifyOnMetadataChange: boolean;
}

/** The content of a custom notification. Absent in a custom transport: the same as of a usual one. */
export type CustomContent =
  /** A text with macros. Null: no body. */
  | { readonly kind: 'payload'; readonly text: string | null }
  | { readonly kind: 'json'; readonly json: Json }
  /** An entity fragment that is put over the entity. */
  | { readonly kind: 'ngsi'; readonly fragment: JsonObject };

/** Texts with macros by names with macros. */
export type Templates = Readonly<Record<string, string>>;

export interface HttpTransport {
  readonly kind: 'http';
  readonly url: string;
  /** Milliseconds. Absent: the timeout of the broker. */
  readonly timeoutMs?: number;
  /** Absent: the transport is `http`. Texts then have no macros. */
  readonly custom?: {
    readonly headers: Templates;
    readonly query: Templates;
    readonly method: string;
    readonly content?: CustomContent;
  };
}

export interface MqttTransport {
  readonly kind: 'mqtt';
  /** `mqtt://host[:port]`, or `mqtts:`. */
  readonly url: string;
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly isRetained: boolean;
  readonly login?: { readonly user: string; readonly password: string };
  /** Absent: the transport is `mqtt`. */
  readonly custom?: { readonly content?: CustomContent };
}

export type Transport = HttpTransport | MqttTransport;

export interface SubscriptionNotification {
  readonly transport: Transport;
  /** Attributes to show, with builtins and `*`. Empty: all of the user. */
  readonly attrs: readonly string[];
  readonly exceptAttrs?: readonly string[];
  readonly attrsFormat: AttrsFormat;
  readonly metadata?: readonly string[];
  readonly onlyChangedAttrs: boolean;
  /** All of `attrs` are shown; a missing one with the value null. */
  readonly covered: boolean;
  /** More failures in a row than this make the subscription inactive. */
  readonly maxFailsLimit?: number;
}

export interface V2Subscription {
  readonly entities: readonly SubjectEntity[];
  readonly condition: SubjectCondition;
  readonly notification: SubscriptionNotification;
  /** In UTC with three decimals. Absent: never. */
  readonly expires?: Instant;
  readonly status: 'active' | 'inactive' | 'oneshot';
  /** Seconds. */
  readonly throttling?: number;
}
