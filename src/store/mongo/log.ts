/** The change log, read in order of position. */
import type { FindCursor } from 'mongodb';
import { microsOfInstant } from '../../core/model/instant.ts';
import { unpackChange } from '../../core/model/packed-change.ts';
import { createPageEnd } from '../../core/port/log-page.ts';
import type { Log, LogKeep, LogRecord, Position, SkippedRecord } from '../../core/port/store.ts';
import { typesInText } from '../../core/port/types-in-text.ts';
import { withDatabase } from './connection.ts';
import type { Followers } from './followers.ts';
import { entityIn, logRestIn } from './own-text.ts';
import type { Collections, LogDocument, StateDocument } from './schema.ts';
import type { UnitOfWork } from './writer/unit-of-work.ts';
import type { Writer } from './writer/writer.ts';

/** Records that one transaction prunes: other writes must get in between. */
const pruneMax = 500;

export function createLog(
  { log, state }: Collections,
  { writer, followers }: { writer: Writer; followers: Followers },
): Log {
  const readState = async (): Promise<Pick<StateDocument, 'position' | 'prunedTo'>> =>
    (await withDatabase(state.findOne({ _id: 'state' }))) ?? { position: 0, prunedTo: 0 };
  const page = async <Found>(
    after: Position,
    limit: number,
    read: (row: LogDocument) => Found,
  ): Promise<readonly Found[]> => {
    if (limit <= 0) return [];
    return withDatabase(readPage(log.find({ _id: { $gt: after } }, { sort: { _id: 1 }, limit }), read));
  };
  return {
    position: async () => (await readState()).position,
    prunedTo: async () => (await readState()).prunedTo,
    read: (after, limit) => page(after, limit, recordIn),
    readAbout: (after, limit, isWanted) =>
      page<LogRecord | SkippedRecord>(after, limit, (row) => {
        const types = typesInText(row.doc);
        if (types && !isWanted(types)) return { position: row._id };
        const record = recordIn(row);
        return isWanted(record.entity.types) ? record : { position: row._id };
      }),
    follow: followers.follow,
    async prune(keep) {
      let gone = 0;
      for (;;) {
        const now = await writer.send({ ids: [], run: (work) => pruneSome(work, keep) });
        gone += now;
        if (now < pruneMax) return gone;
      }
    },
  };
}

async function readPage<Found>(
  rows: FindCursor<LogDocument>,
  read: (row: LogDocument) => Found,
): Promise<readonly Found[]> {
  const records: Found[] = [];
  const isFull = createPageEnd();
  for await (const row of rows) {
    if (isFull(row.doc.length + row.rest.length)) break;
    records.push(read(row));
  }
  return records;
}

function recordIn({ _id, at, doc, rest }: LogDocument): LogRecord {
  return { position: _id, ...unpackChange({ at, ...logRestIn(rest) }, entityIn(doc)) };
}

async function pruneSome(work: UnitOfWork, { before, records, bytes = Infinity }: LogKeep): Promise<number> {
  await work.flush();
  const { session } = work;
  const { log } = work.collections;
  const { position, prunedTo, logTotal = 0 } = work.state();
  // Positions have no gaps: the newest position gives the bound for the number of records.
  const superfluous = position - prunedTo - records;
  const options = { session, sort: { _id: 1 }, limit: pruneMax, projection: { at: 1, total: 1 } } as const;
  const oldest = await log.find({ _id: { $gt: prunedTo } }, options).toArray();
  const bound = microsOfInstant(before);
  // Records of earlier versions have no total. They precede all records that have one.
  const firstKept = oldest.findIndex(({ at, total = 0 }) => at >= bound && total > logTotal - bytes);
  const gone = oldest.slice(0, Math.max(firstKept === -1 ? oldest.length : firstKept, superfluous));
  const last = gone.at(-1);
  if (!last) return 0;
  await log.deleteMany({ _id: { $lte: last._id } }, { session });
  work.setPrunedTo(last._id);
  return gone.length;
}
