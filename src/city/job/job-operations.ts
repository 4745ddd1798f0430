/** The operations on the periodic jobs of the broker: what runs when, how it went, and to run one now. */
import type { JsonObject } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import { requireAdministrator } from '../../core/operation/access/administrator.ts';
import type { Operation, OperationRequest } from '../../core/operation/operation.ts';
import type { Job, JobRun } from './job.ts';

/** What is refused to others, because jobs concern all tenants. */
const seeAndRunJobs = 'see and run jobs';

const head = {
  clause: '5.15',
  access: 'administer',
  parameters: [],
  media: ['json'],
  body: 'none',
  unknownTenant: 'ignore',
} as const satisfies Partial<Operation>;

/** What openapi.yaml describes of the operations. */
export const jobOperationHeads = {
  listJobs: { ...head, name: 'listJobs', method: 'GET', path: '/jobs', action: 'read' },
  retrieveJob: { ...head, name: 'retrieveJob', method: 'GET', path: '/jobs/{name}', action: 'read' },
  runJob: { ...head, name: 'runJob', method: 'POST', path: '/jobs/{name}/run', action: 'write' },
} as const satisfies Readonly<Record<string, Omit<Operation, 'run'>>>;

export function createJobOperations(all: readonly Job[]): readonly Operation[] {
  const found = ({ path }: OperationRequest): Job => {
    const job = all.find(({ name }) => name === path['name']);
    if (job) return job;
    const names = all.map(({ name }) => name);
    throw new Problem('ResourceNotFound', `There is no such job. There are: ${names.join(', ')}.`);
  };
  const answer = (shown: JsonObject | readonly JsonObject[]) =>
    Promise.resolve({ kind: 'found', text: JSON.stringify(shown) } as const);
  return [
    {
      ...jobOperationHeads.listJobs,
      run(_request, call) {
        requireAdministrator(call, seeAndRunJobs);
        return answer(all.map(jobJson));
      },
    },
    {
      ...jobOperationHeads.retrieveJob,
      run(request, call) {
        requireAdministrator(call, seeAndRunJobs);
        return answer(jobJson(found(request)));
      },
    },
    {
      ...jobOperationHeads.runJob,
      async run(request, call) {
        requireAdministrator(call, seeAndRunJobs);
        const job = found(request);
        if (await job.run()) return answer(jobJson(job));
        throw new Problem('Conflict', 'Another broker on the same store runs the jobs. Ask that one.');
      },
    },
  ];
}

function jobJson(job: Job): JsonObject {
  const [lastRun, nextRunAt] = [job.lastRun(), job.nextRun()];
  return {
    name: job.name,
    about: job.about,
    cron: job.cron,
    timeZone: 'UTC',
    tenants: job.isInAllTenants ? 'all' : 'in use',
    isRunning: job.isRunning(),
    ...(lastRun ? { lastRun: runJson(lastRun) } : undefined),
    ...(nextRunAt === undefined ? undefined : { nextRunAt }),
  };
}

const runJson = ({ startedAt, tookMs, did, failures }: JobRun): JsonObject => ({
  startedAt,
  tookMs: Math.round(tookMs * 1000) / 1000,
  result: failures.length > 0 ? 'failed' : 'done',
  did: [...did],
  failures: [...failures],
});
