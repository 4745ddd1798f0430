/** Shows the aggregates of personal data: what each has published, and what it withheld and why. */
import { useSignal } from '@preact/signals';
import {
  type AggregateJob,
  groupOf,
  readAggregateJobs,
  readReport,
  readResults,
  type Total,
} from '../data/aggregates.ts';
import { readingOf, type Thing } from '../data/entity.ts';
import { useLoad } from '../data/load.ts';
import { shortId, spacedName } from '../data/names.ts';
import { formatTimeText } from '../data/times.ts';
import { formatNumber } from '../data/units.ts';
import { Choice, Shown } from '../view/parts.tsx';
import { Table } from '../view/table.tsx';
import { textOfReading } from '../view/value.tsx';
import { say, sayName, type Word } from '../words/words.ts';

export function AggregatesView() {
  const loading = useLoad(readAggregateJobs, []);
  return (
    <>
      <p class="note">
        {say('aggregatesAbout')} <a href="/docs/aggregates">{say('docs')}</a>
      </p>
      <Shown of={loading}>
        {(jobs) => (
          <Table
            label={say('data.aggregates')}
            records={jobs}
            keyOf={({ id }) => id}
            columns={[
              { title: say('name'), cell: ({ id }) => shortId(id) },
              { title: say('type'), cell: ({ sourceType }) => sourceType },
              { title: say('attribute'), cell: ({ attribute }) => spacedName(attribute) },
              { title: say('period'), cell: ({ period }) => period },
              { title: say('targetTenant'), cell: ({ targetTenant }) => targetTenant || say('defaultTenant') },
              { title: say('releasedTo'), cell: ({ releasedTo }) => formatTimeText(releasedTo ?? '–') },
              { title: say('result'), cell: ({ lastResult }) => lastResult ?? '–' },
            ]}
            detail={(job) => (
              <>
                <h3>{say('results')}</h3>
                <Results job={job} />
                <h3>{say('privacyReport')}</h3>
                <Report id={job.id} />
              </>
            )}
          />
        )}
      </Shown>
    </>
  );
}

function Results({ job }: { readonly job: AggregateJob }) {
  const loading = useLoad(() => readResults(job), [job.id]);
  const cellOf = (thing: Thing, name: string): string => {
    const reading = readingOf(thing, name);
    return reading ? textOfReading(reading) : '–';
  };
  return (
    <Shown of={loading}>
      {(things) => (
        <Table
          label={say('results')}
          records={things}
          keyOf={({ id }) => id}
          columns={[
            { title: say('group'), cell: (thing) => groupOf(thing, job).join(', ') || say('wholeGroup') },
            ...job.measures.map((name) => ({
              title: spacedName(name),
              isNumber: true,
              cell: (thing: Thing) => cellOf(thing, name),
            })),
            { title: say('time'), cell: ({ readings }) => formatTimeText(readings[0]?.observedAt ?? '–') },
          ]}
        />
      )}
    </Shown>
  );
}

/** The privacy report of one period at a time. It names no subject. */
function Report({ id }: { readonly id: string }) {
  const chosen = useSignal('');
  const loading = useLoad(() => readReport(id), [id]);
  return (
    <Shown of={loading}>
      {(releases) => {
        const release = releases.find(({ from }) => from === chosen.value) ?? releases[0];
        if (!release) return <p class="note">{say('nothingReleased')}</p>;
        return (
          <>
            <Choice
              label={say('period')}
              value={release.from}
              options={releases.map(
                ({ from, to }) => [from, `${formatTimeText(from)} – ${formatTimeText(to)}`] as const,
              )}
              onChoose={(from) => (chosen.value = from)}
            />
            <p>
              {say('report.waiting')}: <b>{release.waiting}</b> · {say('report.imputed')}: <b>{release.imputed}</b> ·{' '}
              {say('report.moved')}: <b>{release.moved}</b>
            </p>
            <Totals totals={release.totals} />
          </>
        );
      }}
    </Shown>
  );
}

const reasons: Readonly<Record<string, Word>> = {
  rest: 'withheld.rest',
  dominance: 'withheld.dominance',
  complementary: 'withheld.complementary',
  otherJob: 'withheld.otherJob',
  incomplete: 'withheld.incomplete',
};

const nameOf = ({ groups }: Total): string =>
  groups.map((value) => value ?? say('restGroup')).join(', ') || say('wholeGroup');

const Totals = ({ totals }: { readonly totals: readonly Total[] }) => (
  <Table
    label={say('privacyReport')}
    records={totals}
    keyOf={nameOf}
    columns={[
      { title: say('group'), cell: nameOf },
      { title: say('subjects'), isNumber: true, cell: ({ subjects }) => formatNumber(subjects) },
      {
        title: say('publishedOrWithheld'),
        cell: ({ withheld, published }) =>
          withheld === undefined ? (
            published
          ) : (
            <>
              <span class="tag tag-fair">{say('withheld')}</span> {sayName(reasons, withheld)}
            </>
          ),
      },
    ]}
  />
);
