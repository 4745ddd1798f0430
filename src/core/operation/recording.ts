/** Notes what a request reads and changes, and adds its lines to the audit when it has ended. */
import type { Decision } from '../access/decision.ts';
import { grantsShowing } from '../access/guard.ts';
import type { AuditLine } from '../model/audit-line.ts';
import { Problem } from '../model/problem.ts';
import type { Outcome } from '../model/mutation.ts';
import type { Audit } from '../port/audit.ts';
import type { Plan, Store, Stored } from '../port/store.ts';
import type { Caller, Operation, OperationRequest, OperationResult } from './operation.ts';

/** What a line says of one entity. */
interface Noted {
  readonly entity: string;
  readonly types: readonly string[] | undefined;
  readonly grants: readonly string[];
  readonly result: string;
}

/** The rights of the request, which tell the grants. */
interface RecordedRights {
  /** The store without restriction. */
  readonly whole: Store;
  readonly decision: Decision;
  readonly tenant: string;
}

export interface Recording {
  /** The store that also records what the request reads or changes. `store` is restricted to the rights. */
  recordedStore(store: Store, rights: RecordedRights): Store;
  /** Notes the ids of the grants that allow a change of an entity. Called before the change. */
  readonly noteGrants: (entity: string, grants: readonly string[], types: readonly string[] | undefined) => void;
  done(result: OperationResult): void;
  failed(error: unknown): void;
}

export interface RecordedRequest {
  readonly operation: Operation;
  readonly request: OperationRequest;
  readonly caller: Caller;
}

/** The line of a request without valid credentials. It belongs to the default tenant, as keys do. */
export const refusedLine = (operation: string, address: string): Parameters<Audit['addRefused']>[0] => ({
  ...{ tenant: '', principal: 'anonymous', address, operation, result: 'Unauthenticated', grants: [] },
});

/** Most types and grants that the line of a request lists. */
const listMax = 20;

export function startRecording(recorded: RecordedRequest, audit: Audit): Recording {
  // Most reads that are not recorded need no notes.
  let made: Notes | undefined;
  let known: RecordedRights | undefined;
  const notes = (): Notes => (made ??= createNotes(recorded, audit, () => known));
  const isReading = recorded.operation.action === 'read';
  const notesReads = isReading && (audit.scope === 'all' || audit.personalTypes.size > 0);
  return {
    recordedStore: (store, rights) => {
      known = rights;
      if (notesReads) return storeRecordingReads(store, notes());
      return isReading ? store : storeRecordingChanges(store, notes());
    },
    noteGrants: (entity, grants, types) => notes().cover(entity, { grants, types }),
    done: (result) => {
      if (made || isRecorded(recorded.operation, audit, 'done')) notes().end('done', result);
    },
    failed: (error) => notes().end(error instanceof Problem ? error.type : 'InternalError'),
  };
}

interface Notes {
  cover(entity: string, how: Pick<Noted, 'grants' | 'types'>): void;
  read(entity: string, types: readonly string[] | undefined): void;
  change(entity: string, types: readonly string[] | undefined, result: string): void;
  end(result: string, answer?: OperationResult): void;
}

interface State {
  readonly recorded: RecordedRequest;
  readonly audit: Audit;
  /** Undefined until the request is allowed. */
  readonly rights: () => RecordedRights | undefined;
  readonly covers: Map<string, Pick<Noted, 'grants' | 'types'>>;
  readonly changed: Noted[];
  /** Entities about persons that were read. */
  readonly personal: Map<string, Noted>;
  /** A summary of the other entities that were read. */
  readonly others: { count: number; readonly types: Set<string>; readonly grants: Set<string> };
  isEnded: boolean;
}

function createNotes(recorded: RecordedRequest, audit: Audit, rights: State['rights']): Notes {
  const state: State = {
    recorded,
    audit,
    rights,
    covers: new Map(),
    changed: [],
    personal: new Map(),
    others: { count: 0, types: new Set(), grants: new Set() },
    isEnded: false,
  };
  const { covers, changed } = state;
  return {
    cover: (entity, how) => covers.set(entity, how),
    change: (entity, known, result) => {
      const cover = covers.get(entity);
      changed.push({ entity, types: known ?? cover?.types, grants: cover?.grants ?? grantsOf(state), result });
    },
    read: (entity, types) => noteRead(state, { entity, types, grants: grantsOf(state, entity), result: 'done' }),
    end: (result, answer) => end(state, result, answer),
  };
}

const grantsOf = (state: State, entity?: string): readonly string[] => {
  const rights = state.rights();
  return rights ? grantsShowing(rights, entity) : [];
};

function addLine({ recorded, audit, rights }: State, noted: Subject, isRead = false): void {
  const { tenant = recorded.caller.tenant } = rights() ?? {};
  audit.add({ ...lineOf(recorded), ...membersOf(noted), tenant, isRead });
}

function noteRead(state: State, noted: Noted): void {
  const { audit, personal, others } = state;
  if (isPersonal(noted, audit)) {
    // A large entity may be read after the operation has ended, while its text is sent.
    if (state.isEnded) addLine(state, noted);
    else personal.set(noted.entity, noted);
    return;
  }
  others.count += 1;
  addSome(others.types, noted.types ?? []);
  addSome(others.grants, noted.grants);
}

/** What the line of a whole request says. */
const requestSubject = (state: State, result: string, answer: OperationResult | undefined): Subject => ({
  ...subjectOf(state.recorded, answer),
  types: state.others.types.size > 0 ? [...state.others.types] : undefined,
  grants: state.others.grants.size > 0 ? [...state.others.grants] : grantsOf(state),
  result,
});

const isPersonal = ({ types = [] }: Noted, { personalTypes }: Audit): boolean =>
  types.some((type) => personalTypes.has(type));

function addSome(all: Set<string>, more: readonly string[]): void {
  for (const one of more) if (all.size < listMax) all.add(one);
}

function end(state: State, result: string, answer: OperationResult | undefined): void {
  const { recorded, audit, changed, personal, others } = state;
  state.isEnded = true;
  for (const noted of changed) if (audit.scope !== 'personal' || isPersonal(noted, audit)) addLine(state, noted);
  for (const noted of personal.values()) addLine(state, { ...noted, result });
  const isTold = changed.length > 0 || (personal.size > 0 && others.count === 0);
  if (isTold || !isRecorded(recorded.operation, audit, result)) return;
  const subject = requestSubject(state, result, answer);
  if (isUnknown(recorded, result)) audit.addRefused({ ...lineOf(recorded), ...membersOf(subject) });
  else addLine(state, subject, recorded.operation.action === 'read');
}

/** True for what is refused to a client without credentials, of which anybody can send many. */
const isUnknown = ({ caller }: RecordedRequest, result: string): boolean =>
  result === 'Forbidden' && caller.principal.identity.kind === 'anonymous';

/** True when a request gets a line of its own. A request that is refused because a grant is missing always gets one. */
const isRecorded = ({ action }: Operation, { scope }: Audit, result: string): boolean =>
  scope === 'all' || (scope === 'changes' && (action === 'write' || result === 'Forbidden'));

type Line = Parameters<Audit['add']>[0];

const lineOf = ({
  operation,
  caller: { tenant, principal, address },
}: RecordedRequest): Pick<Line, 'tenant' | 'principal' | 'address' | 'operation'> => ({
  tenant,
  principal: principal.identity.subject,
  ...(address === undefined ? undefined : { address }),
  operation: operation.name,
});

/** What a line says of an entity, of several ones, or of another resource. */
type Subject = Omit<Noted, 'entity'> & { readonly entity?: string | undefined; readonly resource?: string | undefined };

const membersOf = ({
  entity,
  types,
  resource,
  ...members
}: Subject): Pick<Line, 'entity' | 'types' | 'grants' | 'resource' | 'result'> => ({
  ...(entity === undefined ? undefined : { entity }),
  ...(types === undefined ? undefined : { types }),
  ...(resource === undefined ? undefined : { resource }),
  ...members,
});

const entityPath = /^\/(?:temporal\/)?entities\/\{id\}/;

/** The entity or other resource that a request is about, by its path, or by the path of what it created. */
function subjectOf(
  { operation, request }: RecordedRequest,
  answer: OperationResult | undefined,
): Pick<AuditLine, 'entity' | 'resource'> {
  const [named] = Object.values(request.path);
  if (operation.namesErased === true) return {};
  if (named !== undefined) return entityPath.test(operation.path) ? { entity: named } : { resource: named };
  if (answer?.kind !== 'created') return {};
  const made = answer.location.slice(answer.location.lastIndexOf('/') + 1);
  return operation.path.includes('entities') ? { entity: made } : { resource: made };
}

function storeRecordingReads(store: Store, notes: Notes): Store {
  const see = (stored: Stored): void => notes.read(stored.id, stored.size === undefined ? stored.types() : undefined);
  return {
    ...store,
    get: async (id, now) => {
      const stored = await store.get(id, now);
      if (stored) see(stored);
      return stored;
    },
    find: async (plan: Plan) => {
      const found = await store.find(plan);
      for (const stored of found) see(stored);
      return found;
    },
    history: async (plan) => {
      const found = await store.history(plan);
      for (const { id, types } of found) notes.read(id, types);
      return found;
    },
  };
}

function storeRecordingChanges(store: Store, notes: Notes): Store {
  return {
    ...store,
    apply: async (writes, at) => {
      const outcomes = await store.apply(
        writes.map((write) => ({ ...write, reportsTypes: true })),
        at,
      );
      for (const [index, { mutation }] of writes.entries()) {
        const outcome = outcomes[index];
        if (outcome) notes.change(mutation.id, outcome.types, resultOf(outcome));
      }
      return outcomes;
    },
    record: async (instances, at) => {
      await store.record(instances, at);
      for (const { id, types } of new Map(instances.map((one) => [one.id, one])).values())
        notes.change(id, types, 'done');
    },
    revise: async (revision, at) => {
      const entity = await store.get(revision.id, at);
      const revised = await store.revise(revision, at);
      if (revised !== 'absent') notes.change(revision.id, entity?.entity().types, 'done');
      return revised;
    },
  };
}

const resultOf = (outcome: Outcome): string => (outcome.status === 'refused' ? outcome.problem.type : 'done');
