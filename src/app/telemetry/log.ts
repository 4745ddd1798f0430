/** Reads observations into the log: one line of JSON each, on standard error. */
import { type Logger, pino } from 'pino';
import type { Observation, Observe } from '../../core/port/observe.ts';

/** A reader of observations that logs from this level on. */
export function createLog(level: string): Observe {
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
  return (observation) => write(logger, observation);
}

function write(logger: Logger, observation: Observation): void {
  switch (observation.kind) {
    case 'failed':
      return logger.error({ where: observation.where, err: observation.cause }, 'failed');
    case 'storeFailed': {
      const { problem, reason, isRepeated } = observation;
      return isRepeated ? undefined : logger.error({ problem, reason }, 'storeFailed');
    }
    case 'modelViolated':
      return logger.warn({ entityId: observation.entityId, ...observation.violation }, 'data model not met');
    case 'contextFailed':
    case 'notificationBuried':
    case 'notificationLost':
    case 'messageRejected':
    case 'ingestClosed':
    case 'streamDropped': {
      const { kind, ...members } = observation;
      return logger.warn(members, kind);
    }
    case 'started':
    case 'stopped':
    case 'ingestOpened':
    case 'jobRan': {
      const { kind, ...members } = observation;
      return logger.info(members, kind);
    }
    case 'answered':
    case 'contextLoaded':
    case 'streamOpened':
    case 'streamClosed':
    case 'delivered':
    case 'ingested':
    case 'matched': {
      const { kind, ...members } = observation;
      return logger.debug(members, kind);
    }
  }
}
