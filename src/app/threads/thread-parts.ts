/** Builds the services of an HTTP thread. */
import type { IncomingMessage } from 'node:http';
import { grantCollection } from '../../core/access/grant-document.ts';
import type { Authenticate } from '../../core/access/identity.ts';
import { keyCollection } from '../../core/port/access-key.ts';
import { Problem } from '../../core/model/problem.ts';
import type { ContextRegistry } from '../../core/operation/context/registry.ts';
import { contextCollection } from '../../core/operation/context/stored-context.ts';
import type { Services } from '../../core/operation/operation.ts';
import type { Audit } from '../../core/port/audit.ts';
import type { Observation, Observe } from '../../core/port/observe.ts';
import { auditSettingsOf } from '../audit.ts';
import { createMemory, createSharedHeld, memoryBudgetOf } from '../memory.ts';
import { openParts } from '../parts.ts';
import { createClock } from '../process.ts';
import { readTrustedProxies } from '../proxies.ts';
import { withQuotas } from '../quotas.ts';
import { notHere } from './not-here.ts';
import type { Authenticating, KeepingContext, Loading, Notice, OpeningTenant, Report, ThreadData } from './messages.ts';
import { createNoticeReader } from './notices.ts';
import { createSourcesCheck } from './registered.ts';
import { createRemote } from './remote.ts';
import { createReporter, type Reporter } from './reports.ts';
import { openThreadAccess, type ThreadAccess } from './thread-access.ts';
import { openThreadStores } from './thread-stores.ts';

export interface OwnParts {
  readonly services: Services;
  readonly authenticate?: Authenticate;
  /**
   * True when this thread answers a request of those that it can answer (`isOwnRequest`). What the main thread answered before is known to it
   * then.
   */
  readonly isOwn: (request: IncomingMessage) => boolean | Promise<boolean>;
  readonly release: (tenant: string) => Promise<void>;
  /** What was not reported yet. */
  readonly takeReports: () => readonly Report[];
}

export async function openThreadParts(data: ThreadData): Promise<OwnParts> {
  const { config, ports, shared } = data;
  const reporter = createReporter(ports.reports);
  const observe = createObserve(reporter);
  const memory = createMemory(memoryBudgetOf(config.memoryBudget), observe, createSharedHeld(shared.held));
  const { stores, release, tell } = await openThreadStores(data, {
    observe,
    openTenant: createRemote<OpeningTenant>(ports.openTenant),
  });
  const clock = createClock();
  const loader = { ...notHere.documents, load: createRemote<Loading>(ports.load) };
  let forgetContext = (_document?: string): void => undefined;
  const onContexts = (forget: typeof forgetContext): void => void (forgetContext = forget);
  const own = openParts(config, { stores, clock, observe, memory, loader, onContexts });
  const access = await openThreadAccess(config, {
    ...{ stores, clock, observe, proxies: readTrustedProxies(config) },
    ask: createRemote<Authenticating>(ports.authenticate),
  });
  const services = withQuotas(
    config,
    {
      ...own,
      ...notHere.services,
      contexts: reportingContexts(own.contexts, reporter, createRemote<KeepingContext>(ports.keepContext)),
      access: access.policy,
      identity: { alias: config.alias, startedAt: data.startedAt },
      ...auditOf(data, reporter, own.contexts),
    },
    shared.accounts,
  );
  const { authenticate } = access;
  return {
    services,
    ...(authenticate ? { authenticate } : undefined),
    isOwn: createOwnCheck(data, services, { tell, access, forgetContext }),
    release,
    takeReports: reporter.take,
  };
}

/** Each thread uses the certificate; only the main thread says so. */
const createObserve =
  ({ report }: Reporter): Observe =>
  (observation) => {
    if (observation.kind !== 'certificateUsed') report({ kind: 'observed', observation: portable(observation) });
  };

/** An observation that can be sent to another thread. */
const portable = (observation: Observation): Observation =>
  observation.kind === 'failed' ? { ...observation, cause: textOf(observation.cause) } : observation;

const textOf = (cause: unknown): string => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));

/** The main thread keeps @contexts, and notes their uses. */
const reportingContexts = (
  contexts: ContextRegistry,
  { contextUsed }: Reporter,
  keep: (context: KeepingContext['argument']) => Promise<string>,
): ContextRegistry => ({
  ...contexts,
  recordUse: (context, tenant) => {
    contextUsed(context, tenant);
    return undefined;
  },
  urlOf: async (context, reader) =>
    context.url === undefined
      ? (reader.origin ?? '') + (await keep({ written: context.written, tenant: reader.tenant }))
      : contexts.urlOf(context, reader),
});

function auditOf(
  { config, shared }: ThreadData,
  { report }: Reporter,
  contexts: ContextRegistry,
): { readonly audit?: Audit } {
  const settings = auditSettingsOf(config, contexts);
  if (!settings) return {};
  const isFull = new Int32Array(shared.auditFull);
  return {
    audit: {
      ...settings,
      requireRoom: () => {
        if (Atomics.load(isFull, 0) === 1)
          throw new Problem('Unavailable', 'The audit cannot be written now, and nothing is done without it.');
      },
      add: (line) => report({ kind: 'audited', line }),
      addRefused: (line) => report({ kind: 'refused', line }),
      recordNotifications: () => undefined,
      flush: () => Promise.resolve(),
    },
  };
}

const ofAccess: readonly string[] = [grantCollection, keyCollection];

interface OwnCheckOptions {
  readonly tell: (notice: Notice) => void;
  readonly access: ThreadAccess;
  readonly forgetContext: (document?: string) => void;
}

function createOwnCheck(
  { shared, ports, noticesBefore }: ThreadData,
  { stores, observe }: Services,
  { tell, access, forgetContext }: OwnCheckOptions,
): OwnParts['isOwn'] {
  const sources = createSourcesCheck(stores);
  let renewal: Promise<void> | undefined;
  const take = (notice: Notice): void => {
    tell(notice);
    if (notice.collection === contextCollection) forgetContext(notice.key);
    if (!ofAccess.includes(notice.collection)) return;
    const fresh = access
      .renewed()
      .catch((cause: unknown) => observe({ kind: 'failed', where: 'access', cause }))
      .finally(() => {
        if (renewal === fresh) renewal = undefined;
      });
    renewal = fresh;
  };
  const notices = createNoticeReader(ports.notices, {
    sent: new Int32Array(shared.notices),
    before: noticesBefore,
    take,
  });
  return (request) => {
    notices.catchUp();
    const isOwn = (): boolean | Promise<boolean> => sources.isWithout(request);
    return renewal ? renewal.then(isOwn) : isOwn();
  };
}
