/** Lists the periodic jobs of the broker: when they run, how the last run went, and runs one now. */
import { useAction } from '../data/act.ts';
import { apiPath, call } from '../data/api.ts';
import { listOf, memberOf, numberOf, textOf, textsOf } from '../data/json.ts';
import { useLoad } from '../data/load.ts';
import { formatAge, formatTimeText } from '../data/times.ts';
import { formatNumber } from '../data/units.ts';
import { Outcome, Shown } from '../view/parts.tsx';
import { Table } from '../view/table.tsx';
import { say } from '../words/words.ts';

const nameOf = (job: unknown): string => textOf(job, 'name') ?? '';
const lastRunOf = (job: unknown): unknown => memberOf(job, 'lastRun');

export function JobsView() {
  const loading = useLoad(async () => listOf(await call(apiPath('/jobs'))), []);
  return (
    <Shown of={loading}>
      {(jobs) => (
        <Table
          label={say('operate.jobs')}
          records={jobs}
          keyOf={nameOf}
          columns={[
            { title: say('name'), cell: nameOf },
            { title: say('about'), cell: (job) => textOf(job, 'about') },
            {
              title: say('schedule'),
              cell: (job) => (
                <span class="together">
                  <code>{textOf(job, 'cron')}</code>&nbsp;{textOf(job, 'timeZone')}
                </span>
              ),
            },
            { title: say('lastRun'), cell: (job) => ageOf(textOf(lastRunOf(job), 'startedAt')) },
            { title: say('tookMs'), isNumber: true, cell: (job) => durationOf(lastRunOf(job)) },
            { title: say('result'), cell: (job) => resultOf(job) },
            { title: say('nextRun'), cell: (job) => formatTimeText(textOf(job, 'nextRunAt') ?? '–') },
          ]}
          detail={(job) => <Detail job={job} onChange={loading.reload} />}
        />
      )}
    </Shown>
  );
}

const ageOf = (at: string | undefined): string => (at === undefined ? '–' : formatAge(Date.parse(at)));

function durationOf(run: unknown): string {
  const tookMs = numberOf(run, 'tookMs');
  return tookMs === undefined ? '–' : formatNumber(tookMs);
}

function resultOf(job: unknown) {
  if (memberOf(job, 'isRunning') === true) return say('job.running');
  const result = textOf(lastRunOf(job), 'result');
  if (result === undefined) return '–';
  return result === 'failed' ? <span class="failure">{say('job.failed')}</span> : say('job.done');
}

function Detail({ job, onChange }: { readonly job: unknown; readonly onChange: () => void }) {
  const action = useAction(onChange);
  const path = apiPath(`/jobs/${encodeURIComponent(nameOf(job))}/run`);
  const run = lastRunOf(job);
  return (
    <>
      <p class="bar">
        <button type="button" onClick={() => action.run(() => call(path, { method: 'POST' }))}>
          {say('runNow')}
        </button>
        <Outcome of={action} done="job.done" />
      </p>
      <ul>
        {textsOf(memberOf(run, 'failures')).map((text) => (
          <li key={text} class="failure">
            {text}
          </li>
        ))}
        {textsOf(memberOf(run, 'did')).map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      {run === undefined && <p class="note">{say('job.never')}</p>}
    </>
  );
}
