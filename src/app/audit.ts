/** Builds the audit as the options choose it. */
import type { JobOptions } from '../city/job/jobs.ts';
import type { Services } from '../core/operation/operation.ts';
import { refusedLine } from '../core/operation/recording.ts';
import { accessModeOf } from './access-mode.ts';
import type { Audit } from '../core/port/audit.ts';
import { createAuditWriter } from './audit-writer.ts';
import { listIn } from './config/list.ts';
import type { Config } from './config/options.ts';

type Needed = Pick<Services, 'stores' | 'clock' | 'observe' | 'contexts'>;

/** Adds the audit to the parts of a broker. There is none while access is open: everybody is anonymous then, and nothing is recorded. */
export function withAudit<Parts extends Needed>(config: Config, parts: Parts): Parts & { readonly audit?: Audit } {
  const { stores, clock, observe, contexts } = parts;
  const settings = auditSettingsOf(config, contexts);
  if (!settings) return parts;
  return { ...parts, audit: createAuditWriter({ trail: stores.audit, ...settings, clock, observe }) };
}

/** What the audit records. Undefined: there is none. */
export function auditSettingsOf(
  config: Config,
  { core }: Pick<Services['contexts'], 'core'>,
): Pick<Audit, 'scope' | 'personalTypes'> | undefined {
  const personalTypes = listIn(config.personalTypes).map((name) => core.expand(name));
  if (accessModeOf(config) === 'open' || (config.audit === 'personal' && personalTypes.length === 0)) return undefined;
  return { scope: scopeOf(config), personalTypes: new Set(personalTypes) };
}

/** Reports wrong credentials to the audit, which is built after what finds them. */
export interface RefusalReport {
  /** `address`: that of the client. */
  readonly report: (address: string) => void;
  readonly reportTo: (audit: Audit | undefined) => void;
}

export function createRefusalReport(): RefusalReport {
  let audit: Audit | undefined;
  return {
    report: (address) => audit?.addRefused(refusedLine('authenticate', address)),
    reportTo: (given) => {
      audit = given;
    },
  };
}

const scopeOf = ({ audit }: Config): Audit['scope'] => (audit === 'changes' || audit === 'personal' ? audit : 'all');

/** While access is open, nothing of the audit is touched. */
export const auditRetention = (config: Config): Pick<JobOptions, 'auditKeep'> =>
  accessModeOf(config) === 'open' ? {} : { auditKeep: { days: config.auditKeepDays, readsMax: config.auditReadsMax } };
