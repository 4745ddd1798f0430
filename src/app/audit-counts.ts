/** Counts what the audit would otherwise record very often, such as notifications, and adds one line a minute for what is alike. */
import { networkOf } from '../core/access/quotas.ts';
import type { AuditLine } from '../core/model/audit-line.ts';
import type { Audit, NotificationRecorder, Recipient } from '../core/port/audit.ts';

type Line = Omit<AuditLine, 'id'>;

/** Time in milliseconds in which what is alike is counted together. */
const periodMs = 60_000;
/** Lines that one recipient gets in this time, and each kind of refusal. The rest is counted in one more line. */
const linesMax = 50;
/** Lines that wait for the end of this time. At this number, they are added at once. */
const waitingMax = 10_000;
/** Most types and grants that the line of the rest lists. */
const listMax = 20;

export interface AuditCounts extends Pick<Audit, 'addRefused' | 'recordNotifications'> {
  /** Adds the lines that wait, also when there is no room. */
  flush(): void;
}

export interface AuditCountsOptions extends Pick<Audit, 'scope' | 'personalTypes'> {
  readonly add: (line: Line) => void;
  /** False while lines cannot be written. They are then counted on. */
  readonly hasRoom: () => boolean;
}

interface Counted {
  readonly line: Line;
  count: number;
}

/** What is limited together. */
interface Group {
  readonly lines: Map<string, Counted>;
  /** Lines that are limited. */
  limited: number;
  /** What is above the limit. */
  rest: Rest | undefined;
}

interface Rest extends Counted {
  readonly types: Set<string>;
  readonly grants: Set<string>;
}

interface State extends AuditCountsOptions {
  /** Groups that have lines. */
  readonly used: Set<Group>;
  waiting: number;
  timer: NodeJS.Timeout | undefined;
}

export function createAuditCounts(options: AuditCountsOptions): AuditCounts {
  const state: State = { ...options, used: new Set(), waiting: 0, timer: undefined };
  const refusals = new Map<string, Group>();
  return {
    addRefused: (line) => {
      if (options.scope === 'personal') return;
      const group = refusals.get(line.result) ?? newGroup();
      refusals.set(line.result, group);
      const from = line.address === undefined ? '' : networkOf(line.address);
      const key = JSON.stringify([line.tenant, line.operation, from, line.entity, line.resource]);
      count(state, group, { key, isLimited: true, line: () => ({ ...line, isRead: true }) });
    },
    recordNotifications: (recipient) => recorderOf(state, recipient),
    flush: () => flush(state),
  };
}

const newGroup = (): Group => ({ lines: new Map(), limited: 0, rest: undefined });

function recorderOf(state: State, recipient: Recipient): NotificationRecorder | undefined {
  const { scope, personalTypes } = state;
  if (scope !== 'all' && personalTypes.size === 0) return undefined;
  const group = newGroup();
  return {
    note: ({ id, types }, grants) => {
      const known = group.lines.get(id);
      if (known) {
        known.count += 1;
        return;
      }
      const isPersonal = types.some((type) => personalTypes.has(type));
      if (!isPersonal && scope !== 'all') return;
      const line = (): Line => ({
        ...recipient,
        operation: 'notify',
        result: 'done',
        entity: id,
        types,
        grants: grants(),
        isRead: !isPersonal,
      });
      count(state, group, { key: id, isLimited: !isPersonal, line });
    },
  };
}

interface Occurrence {
  readonly key: string;
  /** True when it counts against the limit of lines. */
  readonly isLimited: boolean;
  readonly line: () => Line;
}

function count(state: State, group: Group, { key, isLimited, line }: Occurrence): void {
  const known = group.lines.get(key);
  if (known) {
    known.count += 1;
    return;
  }
  if (state.waiting >= waitingMax && state.hasRoom()) flush(state);
  state.used.add(group);
  startTimer(state);
  if ((isLimited && group.limited >= linesMax) || state.waiting >= waitingMax) {
    countRest(group, line());
    return;
  }
  group.lines.set(key, { line: line(), count: 1 });
  if (isLimited) group.limited += 1;
  state.waiting += 1;
}

function startTimer(state: State): void {
  state.timer ??= setTimeout(() => {
    state.timer = undefined;
    if (state.hasRoom()) flush(state);
    else startTimer(state);
  }, periodMs).unref();
}

function countRest(group: Group, line: Line): void {
  const { entity: _entity, address: _address, types = [], resource, grants, ...members } = line;
  const own = line.result === 'done' && resource !== undefined ? { resource } : undefined;
  group.rest ??= { line: { ...members, ...own, grants: [] }, count: 0, types: new Set(), grants: new Set() };
  const { rest } = group;
  rest.count += 1;
  for (const type of types) if (rest.types.size < listMax) rest.types.add(type);
  for (const grant of grants) if (rest.grants.size < listMax) rest.grants.add(grant);
}

function flush(state: State): void {
  clearTimeout(state.timer);
  state.timer = undefined;
  for (const group of state.used) {
    for (const { line, count: times } of group.lines.values())
      state.add(times === 1 ? line : { ...line, count: times });
    if (group.rest) state.add(lineOfRest(group.rest));
    group.lines.clear();
    group.limited = 0;
    group.rest = undefined;
  }
  state.used.clear();
  state.waiting = 0;
}

const lineOfRest = ({ line, types, grants, count: times }: Rest): Line => ({
  ...line,
  ...(types.size > 0 ? { types: [...types] } : undefined),
  grants: [...grants],
  count: times,
});
