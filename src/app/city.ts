/** Opens the parts of the city that work beside requests: the watch, and what entities define, such as depersonalised aggregates. */
import { aggregatePlan, createAggregates } from '../city/aggregate/aggregates.ts';
import { createAggregateOperations } from '../city/aggregate/aggregate-operations.ts';
import { createIndicatorOperations } from '../city/indicator/indicator-operations.ts';
import { createIndicators, indicatorPlan } from '../city/indicator/indicators.ts';
import { plansOf } from '../city/definition/approved-work.ts';
import type { ModelNames } from '../city/definition/names.ts';
import type { JobPlan } from '../city/job/job.ts';
import { summaryMailPlan } from '../city/watch/summary-mail.ts';
import { summaryPlan } from '../city/watch/summary.ts';
import type { Operation, Services } from '../core/operation/operation.ts';
import { createMailer } from '../edge/mail/mailer.ts';
import type { Config } from './config/options.ts';
import { modelNamesOf } from './model-names.ts';
import { openWatch } from './watch.ts';

/** What the city adds to a broker. */
export interface City {
  /** The names of the data models. */
  readonly names: ModelNames;
  readonly plans: readonly JobPlan[];
  readonly operations: readonly Operation[];
  stop(): Promise<void>;
}

export function openCity(config: Config, services: Services): City {
  const names = modelNamesOf(config, services);
  const aggregates = createAggregates({ services, names });
  const indicators = createIndicators({ services, names });
  const watch = openWatch(config, services);
  return {
    names,
    plans: [
      ...plansOf(aggregates, aggregatePlan),
      ...plansOf(indicators, indicatorPlan),
      summaryPlan(services.clock),
      ...mailPlans(config, services),
    ],
    operations: [...createAggregateOperations(aggregates), ...createIndicatorOperations(indicators)],
    stop: () => watch.stop(),
  };
}

function mailPlans({ mailUrl, mailFrom, mailTo }: Config, { clock }: Services): readonly JobPlan[] {
  const to = mailTo.split(',').flatMap((address) => (address.trim() === '' ? [] : [address.trim()]));
  if (mailUrl === '' || to.length === 0) return [];
  return [summaryMailPlan({ mailer: createMailer({ url: mailUrl, from: mailFrom }), to, clock })];
}
