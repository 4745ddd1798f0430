/** Writes observations to the log: one JSON line each, on standard error. */
import { type Logger, pino } from 'pino';
import type { Observation, Observe } from '../../core/port/observe.ts';
import { maskUris } from '../../core/model/secret.ts';

/** Creates an observer that logs records of this level and above. `keep` gets each line too. */
export function createLog(level: string, keep?: (line: string) => void): Observe {
  const stream = pino.destination({ dest: 2, sync: true });
  // Messages of errors and their stacks may name the URL of a database or of a receiver.
  const write = (line: string): void => {
    const masked = maskUris(line);
    stream.write(masked);
    keep?.(masked);
  };
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: errorWriter(level) } },
    { write },
  );
  return (observation) => report(logger, observation);
}

function report(logger: Logger, observation: Observation): void {
  switch (observation.kind) {
    case 'failed': {
      const { kind, cause, ...members } = observation;
      return logger.error({ ...bounded(members), err: cause }, kind);
    }
    case 'storeFailed': {
      const { kind, isRepeated, ...members } = observation;
      return isRepeated ? undefined : logger.error(bounded(members), kind);
    }
    case 'modelViolated': {
      const { example, ...rule } = observation.broken;
      return logger.warn(bounded({ ...example, ...rule }), 'data model not met');
    }
    default: {
      const level = levels[observation.kind];
      // Every request and notification is observed, so no line is built for a level that is not logged.
      if (!logger.isLevelEnabled(level)) return undefined;
      const { kind, ...members } = observation;
      return logger[level](bounded(members), kind);
    }
  }
}

type Plain = Exclude<Observation['kind'], 'failed' | 'storeFailed' | 'modelViolated'>;

const levels: Readonly<Record<Plain, 'error' | 'warn' | 'info' | 'debug'>> = {
  walDamaged: 'error',
  contextFailed: 'warn',
  notificationBuried: 'warn',
  notificationLost: 'warn',
  messageRejected: 'warn',
  ingestClosed: 'warn',
  streamDropped: 'warn',
  accessOpen: 'warn',
  administratorKeyWritten: 'warn',
  certificateUsed: 'info',
  started: 'info',
  stopped: 'info',
  ingestOpened: 'info',
  jobRan: 'info',
  answered: 'debug',
  contextLoaded: 'debug',
  memoryRefused: 'debug',
  quotaExceeded: 'debug',
  readerDropped: 'debug',
  streamOpened: 'debug',
  streamClosed: 'debug',
  delivered: 'debug',
  sourceAsked: 'debug',
  ingested: 'debug',
  matched: 'debug',
};

/** Only developers need stack traces, so only the levels debug and trace contain them, with those of the causes. */
const errorWriter = (level: string): ((cause: unknown) => unknown) =>
  level === 'debug' || level === 'trace'
    ? (cause) => (cause instanceof Error ? pino.stdSerializers.err(cause) : summaryOf(cause))
    : summaryOf;

function summaryOf(cause: unknown): object {
  if (!(cause instanceof Error)) return { message: truncate(String(cause)) };
  const code = 'code' in cause && typeof cause.code === 'string' ? { code: cause.code } : undefined;
  return { type: cause.name, message: truncate(cause.message), ...code };
}

/** Strings may come from a client and may be as long as a request. */
const lengthMax = 1000;

/** Secrets of URIs are masked before, because one that is cut in its user info is no longer known as such. */
const truncate = (text: string): string => (text.length > lengthMax ? `${maskUris(text).slice(0, lengthMax)}…` : text);

/** Shortens long strings. JSON escapes control characters. */
const bounded = (members: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, typeof value === 'string' ? truncate(value) : value]),
  );
