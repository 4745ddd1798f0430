/** Connects subscriptions to registrations with the registrations of their tenant and the log of their changes (clause 5.11.7). */
import { type RegistrationChange, registrationChangeIn } from '../../core/federation/registration-change.ts';
import type { RegistrationIndex } from '../../core/federation/registration-index.ts';
import { compileRegistrationTest, type RegistrationTest } from '../../core/federation/registration-interest.ts';
import type { Terms } from '../../core/model/entity.ts';
import type { SubscriptionDocument } from '../../core/model/subscription.ts';
import type { RegistrationQuery } from '../../core/subscription/read-registration-subscription.ts';
import type { RegistrationInterest, RegistrationNews } from '../../core/subscription/registration-interest.ts';
import type { DeliveryServices } from './environment.ts';

interface InterestOptions {
  readonly document: SubscriptionDocument;
  readonly query: RegistrationQuery;
  readonly tenant: string;
  /** For names in notifications. */
  readonly terms: Terms;
  readonly services: Pick<DeliveryServices, 'registrations' | 'clock'>;
}

export async function createRegistrationInterest(options: InterestOptions): Promise<RegistrationInterest> {
  const { query, terms, services, tenant, document } = options;
  const test = compileRegistrationTest(query);
  const index = await services.registrations.of(tenant);
  const present = (ids: readonly string[]): RegistrationNews => ({
    reason: 'newlyMatching',
    data: matchingIn(ids, { index, test, services }).map((one) => test.show(one, terms)),
  });
  return {
    concerns(record) {
      const change = registrationChangeIn(record);
      return 'matching' in change ? change.id === document.id : newsOf(change, test, terms) !== undefined;
    },
    news(record) {
      const change = registrationChangeIn(record);
      const none: RegistrationNews = { reason: 'updated', data: [] };
      return 'matching' in change ? present(change.matching) : (newsOf(change, test, terms) ?? none);
    },
    matches: ({ id }) => matchingIn([id], { index, test, services }).length > 0,
    present: (registrations) => present(registrations.map(({ id }) => id)),
    begin: () =>
      services.registrations.begin(tenant, {
        id: document.id,
        at: services.clock.now(),
        matching: (all) => all.filter((one) => test.matches(one, services.clock.now())).map(({ id }) => id),
      }),
  };
}

interface Matching {
  readonly index: RegistrationIndex;
  readonly test: RegistrationTest;
  readonly services: InterestOptions['services'];
}

/** Those of the registrations that are there and match now. */
const matchingIn = (ids: readonly string[], { index, test, services }: Matching) =>
  ids.flatMap((id) => {
    const one = index.get(id);
    return one && test.matches(one, services.clock.now()) ? [one] : [];
  });

/** Undefined when the registration matches neither before nor after the change. */
function newsOf(
  { before, after, at }: Exclude<RegistrationChange, { readonly matching: readonly string[] }>,
  test: RegistrationTest,
  terms: Terms,
): RegistrationNews | undefined {
  const [was, is] = [test.matching(before, at), test.matching(after, at)];
  if (is) return { reason: was ? 'updated' : 'newlyMatching', data: [test.show(is, terms)] };
  return was && { reason: 'noLongerMatching', data: [test.show(was, terms)] };
}
