/**
 * Carries out what entities define and administrators have approved: each period once it is over, in order, with the rights of who
 * approved it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Identity, local } from '../../core/access/identity.ts';
import type { Periods } from '../../core/language/periods.ts';
import { type Instant, type Interval, type Micros, microsOfInstant } from '../../core/model/instant.ts';
import { sameJson } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Services } from '../../core/operation/operation.ts';
import type { Store } from '../../core/port/store.ts';
import type { JobPlan, Work } from '../job/job.ts';
import type { Approval, Approvals, LastRun } from './approval.ts';
import { createTurns } from './turns.ts';
import { Definition, definedValues } from './definition.ts';
import type { ModelNames } from './names.ts';
import { periodAt } from './periods.ts';

/** A tenant with its store. */
export interface Place {
  readonly tenant: string;
  readonly store: Store;
}

export interface DefinitionServices {
  readonly services: Services;
  readonly names: ModelNames;
}

/** What every definition of periodic work has. */
export interface Periodic {
  readonly periods: Periods;
  /** How long after the end of a period it is carried out. */
  readonly delay: Micros;
  readonly startAt: Micros | undefined;
  /** Other tenants that it reads, and the tenant that it writes into. */
  readonly reads: readonly string[];
  readonly writes: string;
}

export interface Running<Job extends Periodic> extends DefinitionServices {
  readonly place: Place;
  readonly id: string;
  readonly job: Job;
  readonly owner: Identity;
  readonly now: Instant;
}

/** A kind of definitions. */
export interface WorkKind<Job extends Periodic> {
  /** The type of the entities, and the family of data models that it belongs to. */
  readonly type: string;
  readonly family: string;
  /** The attributes that make the definition. A change of one of them needs a new approval. */
  readonly terms: readonly string[];
  readonly approvals: Approvals;
  /** Throws BadRequestData that names the attribute. */
  read(definition: Definition, parts: DefinitionServices & { readonly tenant: string }): Promise<Job>;
  /** Before an approval. Throws Conflict when another definition writes the same results. */
  claim?(job: Job, place: Place, services: Services): Promise<void>;
  /** Before the periods of a run that has some. */
  begin?(running: Running<Job>): Promise<void>;
  /** Returns 'skipped' when nothing can be carried out of the period any more. */
  carryOut(period: Interval, running: Running<Job>): Promise<'skipped' | undefined>;
  /** After the periods of a run. */
  end?(running: Running<Job>): Promise<void>;
}

export interface ApprovedWork {
  readonly approvals: Approvals;
  /**
   * Approves the present definition. Throws ResourceNotFound, BadRequestData for a definition that cannot be read, and Forbidden when the
   * owner has not the rights that the work needs.
   */
  approve(id: string, place: Place, owner: Identity | undefined): Promise<Approval>;
  /** Carries out what is due of one definition. The result tells how many periods, or why it failed. */
  run(id: string, place: Place): Promise<Approval>;
  /** The same for all definitions of a tenant. Returns a summary; undefined when nothing was due. */
  runAll(place: Place): Promise<string | undefined>;
  /** Carries out the periods that overlap an interval and have begun, again or for the first time. Returns their number. */
  repeat(id: string, place: Place, interval: Interval): Promise<number>;
}

/** The names, words and times of the periodic jobs of a kind of work. */
export interface WorkPlan extends Pick<JobPlan, 'name' | 'about'> {
  /** The second of each minute in which the tenants in use have their turn. */
  readonly second: number;
  /** The minute of each hour in which all tenants have their turn. */
  readonly minute: number;
}

/** The periodic jobs that carry out what is due: each minute in the tenants in use, each hour in all. */
export function plansOf(
  approved: Pick<ApprovedWork, 'runAll'>,
  { name, about, second, minute }: WorkPlan,
): readonly JobPlan[] {
  const work: Work = (store, tenant) => approved.runAll({ store, tenant });
  return [
    { name, about, cron: `${second} * * * * *`, work },
    { name: `${name}-all`, about, cron: `0 ${minute} * * * *`, work, isInAllTenants: true },
  ];
}

/** Most periods that one run carries out: the next run carries out more. */
const periodsMax = 200;
/** Most periods that one request repeats. */
const repeatedMax = 1000;

export function createApprovedWork<Job extends Periodic>(kind: WorkKind<Job>, parts: DefinitionServices): ApprovedWork {
  // Runs of a tenant follow one another, so that each sees what the one before has done.
  const inTurn = createTurns();
  const worker = new Worker(kind, parts);
  const run = (id: string, place: Place): Promise<Approval> => inTurn(place.tenant, () => worker.run(id, place));
  const runEach = async (place: Place): Promise<string | undefined> => {
    const done: string[] = [];
    for (const [id, before] of await kind.approvals.list(place.store)) {
      const { lastRun } = await run(id, place);
      if (lastRun?.at !== before.lastRun?.at) done.push(...toldOf(id, lastRun));
    }
    return done.length === 0 ? undefined : done.join('; ');
  };
  const runs = new Map<string, Promise<string | undefined>>();
  return {
    approvals: kind.approvals,
    approve: (id, place, owner) => inTurn(place.tenant, () => worker.approve(id, place, owner)),
    run,
    repeat: (id, place, interval) => inTurn(place.tenant, () => worker.repeat(id, place, interval)),
    runAll(place) {
      const { tenant } = place;
      const running = runs.get(tenant) ?? runEach(place).finally(() => runs.delete(tenant));
      runs.set(tenant, running);
      return within(patienceMs, running, `the run of ${tenant === '' ? 'the default tenant' : tenant} goes on`);
    },
  };
}

/** How long a run of one tenant holds up those of the others. */
const patienceMs = 10_000;

/** The result of the work, or what is said when it takes longer. */
async function within(ms: number, work: Promise<string | undefined>, otherwise: string): Promise<string | undefined> {
  const done = new AbortController();
  // Who waits no longer does not learn of a failure, which the next run meets again.
  const late = sleep(ms, otherwise, { signal: done.signal }).catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
    work.catch(() => undefined);
  }
}

function toldOf(id: string, lastRun: LastRun | undefined): readonly string[] {
  const { releases = 0, skipped = 0, problem } = lastRun ?? {};
  return [
    ...(releases > 0 ? [`periods carried out of ${id}: ${releases}`] : []),
    ...(skipped > 0 ? [`periods skipped of ${id}, because they are too old: ${skipped}`] : []),
    ...(problem === undefined ? [] : [`${id}: ${problem}`]),
  ];
}

class Worker<Job extends Periodic> {
  readonly #kind: WorkKind<Job>;
  readonly #parts: DefinitionServices;

  constructor(kind: WorkKind<Job>, parts: DefinitionServices) {
    this.#kind = kind;
    this.#parts = parts;
  }

  async approve(id: string, place: Place, owner: Identity | undefined): Promise<Approval> {
    const { approvals, terms } = this.#kind;
    const { services } = this.#parts;
    const definition = await this.#definition(id, place);
    const job = await this.#kind.read(definition, { ...this.#parts, tenant: place.tenant });
    requireRights(job, place, { services, owner });
    // A client that asks for results before there are any gets none, and no error.
    await services.stores.open(job.writes, true);
    await this.#kind.claim?.(job, place, services);
    const approval: Approval = {
      ...(owner ? { owner } : undefined),
      approvedAt: services.clock.now(),
      definition: definedValues(definition, terms),
    };
    const approved = await approvals.update(place.store, id, (before) => ({
      ...approval,
      ...(before?.releasedTo === undefined ? undefined : { releasedTo: before.releasedTo }),
    }));
    return approved ?? approval;
  }

  async run(id: string, place: Place): Promise<Approval> {
    const approval = await this.#approval(id, place);
    const now = this.#parts.services.clock.now();
    let { releasedTo } = approval;
    const counts = { releases: 0, skipped: 0 };
    const finish = async (problem?: string): Promise<Approval> => {
      if (releasedTo === approval.releasedTo && problem === approval.lastRun?.problem) return approval;
      const lastRun: LastRun = {
        at: now,
        releases: counts.releases,
        ...(counts.skipped > 0 ? { skipped: counts.skipped } : undefined),
        ...(problem === undefined ? undefined : { problem }),
      };
      // Somebody may have approved another definition meanwhile.
      const update = (before: Approval | undefined): Approval | undefined =>
        before && { ...before, ...(releasedTo === undefined ? undefined : { releasedTo }), lastRun };
      return (await this.#kind.approvals.update(place.store, id, update)) ?? { ...approval, lastRun };
    };
    try {
      const running = await this.#start(id, approval, { place, now });
      const due = duePeriods(running.job, { ...approval, now });
      if (due.length > 0) await this.#kind.begin?.(running);
      for (const period of due) {
        const isSkipped = (await this.#kind.carryOut(period, running)) === 'skipped';
        releasedTo = period.to;
        counts[isSkipped ? 'skipped' : 'releases'] += 1;
      }
      await this.#kind.end?.(running);
      return await finish();
    } catch (cause) {
      return finish(cause instanceof Error ? cause.message : String(cause));
    }
  }

  async repeat(id: string, place: Place, { from, to }: Interval): Promise<number> {
    const now = this.#parts.services.clock.now();
    const running = await this.#start(id, await this.#approval(id, place), { place, now });
    const { periods } = running.job;
    const end = Math.min(to, microsOfInstant(now));
    const repeated: Interval[] = [];
    for (let period = periodAt(periods, from); period.from < end; period = periodAt(periods, period.to)) {
      repeated.push(period);
      if (repeated.length > repeatedMax)
        throw new Problem('TooManyResults', `The interval has more than ${repeatedMax} periods; repeat less at once.`);
    }
    for (const period of repeated) await this.#kind.carryOut(period, running);
    return repeated.length;
  }

  async #approval(id: string, { store }: Place): Promise<Approval> {
    const approval = await this.#kind.approvals.read(store, id);
    if (!approval) throw new Problem('ResourceNotFound', `No ${this.#kind.type} ${id} has been approved.`);
    return approval;
  }

  /** The definition as its entity says it now. */
  async #definition(id: string, { store }: Place): Promise<Definition> {
    const { services, names } = this.#parts;
    const { type, family } = this.#kind;
    const entity = (await store.get(id, services.clock.now()))?.entity();
    if (!entity?.types.some((one) => names.typesOf(type).iris.includes(one)))
      throw new Problem('ResourceNotFound', `There is no ${type} ${id}.`);
    return new Definition(entity, names.termsOf(family));
  }

  async #start(id: string, approval: Approval, at: Pick<Running<Job>, 'place' | 'now'>): Promise<Running<Job>> {
    const definition = await this.#definition(id, at.place);
    if (!sameJson(definedValues(definition, this.#kind.terms), approval.definition))
      throw new Problem('Conflict', 'The definition was changed after it was approved: it needs another approval.');
    const job = await this.#kind.read(definition, { ...this.#parts, tenant: at.place.tenant });
    requireRights(job, at.place, { services: this.#parts.services, owner: approval.owner });
    return { ...this.#parts, ...at, id, job, owner: approval.owner ?? local };
  }
}

/** The owner administers the tenant of the definition, may read all of it and of the others, and write everything into the target. */
function requireRights(
  { reads, writes }: Periodic,
  { tenant }: Place,
  { services: { access }, owner }: { readonly services: Services; readonly owner: Identity | undefined },
): void {
  if (access.isOpen) return;
  const principal = owner && access.principalOfOwner(owner);
  const needed = [
    ['administer', tenant] as const,
    ...[tenant, ...reads].flatMap((other) => [['read', other] as const, ['history', other] as const]),
    ['write', writes] as const,
  ];
  const missing = needed.find(([right, where]) => principal?.rights(right, where).extent !== 'full');
  if (!missing) return;
  const where = missing[1] === '' ? 'the default tenant' : `the tenant ${missing[1]}`;
  throw new Problem('Forbidden', `Who approves this needs the right to ${missing[0]} all of ${where}.`);
}

/** The periods that are over and not yet carried out, the oldest first. */
function duePeriods(
  { periods, delay, startAt }: Periodic,
  { releasedTo, approvedAt, now }: Approval & { readonly now: Instant },
): readonly Interval[] {
  const present = microsOfInstant(now) - delay;
  const due: Interval[] = [];
  let period = periodAt(periods, releasedTo ?? startAt ?? microsOfInstant(approvedAt));
  while (period.to <= present && due.length < periodsMax) {
    due.push(period);
    period = periodAt(periods, period.to);
  }
  return due;
}
