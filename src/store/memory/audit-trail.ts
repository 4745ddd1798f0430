/** The audit in memory. */
import { type AuditLine, auditTermsOf, redactAuditLine } from '../../core/model/audit-line.ts';
import { namedBy } from '../../core/model/subject/named.ts';
import type { AuditPruning, AuditQuery, AuditTrail } from '../../core/port/audit.ts';

export function createAuditTrail(): AuditTrail {
  /** In the order of their ids. */
  let kept: AuditLine[] = [];
  return {
    append: (lines) => {
      const known = new Set(kept.map(({ id }) => id));
      kept.push(...lines.filter(({ id }) => !known.has(id)));
      kept.sort((a, b) => (a.id < b.id ? -1 : 1));
      return Promise.resolve();
    },
    find: (query) => {
      const found = kept.filter((line) => matches(line, query)).reverse();
      return Promise.resolve(found.slice(0, query.limit));
    },
    subject: ({ tenant, id, erases }) => {
      const isNamed = namedBy(id);
      const redacted = kept.map((line) => (line.tenant === tenant ? redactAuditLine(line, isNamed) : line));
      const lines = kept.filter((line, index) => line !== redacted[index]);
      if (erases) kept = redacted;
      return Promise.resolve({ lines });
    },
    prune: (pruning) => {
      const before = kept.length;
      kept = pruned(kept, pruning);
      return Promise.resolve(before - kept.length);
    },
  };
}

function matches(line: AuditLine, { tenant, terms, from = '', below }: AuditQuery): boolean {
  if (line.tenant !== tenant || line.id < from || (below !== undefined && line.id >= below)) return false;
  const own = auditTermsOf(line);
  return terms.every((term) => own.includes(term));
}

function pruned(lines: readonly AuditLine[], { below, readsMax }: AuditPruning): AuditLine[] {
  const reads = lines.filter(({ isRead }) => isRead);
  const surplus = new Set(reads.slice(0, Math.max(0, reads.length - readsMax)));
  return lines.filter((line) => line.id >= below && !surplus.has(line));
}
