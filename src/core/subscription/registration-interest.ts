/** Defines what a subscription to registrations is notified of (clause 5.11.7). */
import type { Entity } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import type { LogRecord } from '../port/store.ts';

/** Why a registration is notified (clause 5.3.2). */
type TriggerReason = 'newlyMatching' | 'updated' | 'noLongerMatching';

/** The content of a notification of registrations. */
export interface RegistrationNews {
  readonly reason: TriggerReason;
  readonly data: readonly JsonObject[];
}

/** Tests records of the change log of registrations for one subscription, and shows what it is notified of. */
export interface RegistrationInterest {
  /** Whether the record concerns the subscription. */
  concerns(record: LogRecord): boolean;
  /** What a record that concerns the subscription says. */
  news(record: LogRecord): RegistrationNews;
  /** Whether the subscription asks for the registration, which is given as an entity of the store of registrations. */
  matches(registration: Entity): boolean;
  /** Appends to the log what the subscription finds when it begins. */
  begin(): Promise<void>;
  /** These registrations, which match. */
  present(registrations: readonly Entity[]): RegistrationNews;
}
