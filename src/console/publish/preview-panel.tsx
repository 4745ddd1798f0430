/** Shows what a dataset would publish: how many entities, which columns, and the first rows. */
import { memberOf, textOf, textsOf } from '../data/json.ts';
import { formatNumber, unitOf } from '../data/units.ts';
import { Table } from '../view/table.tsx';
import { say } from '../words/words.ts';
import { isFormTerm, type Preview } from './draft.ts';
import { textOfFinding } from './fields.tsx';

const nameOf = (column: unknown): string => textOf(column, 'titles') ?? '';
const unitsOf = (column: unknown): string =>
  textsOf(memberOf(column, 'schema:unitCode'))
    .map((code) => unitOf('', code).unit || code)
    .join(', ');

export function PreviewPanel({ preview }: { readonly preview: Preview }) {
  const { entities, columns, rows, problem } = preview;
  return (
    <section class="card" aria-labelledby="preview-title">
      <h2 id="preview-title">{say('preview')}</h2>
      <Verdict preview={preview} />
      {problem === undefined ? (
        <>
          <p>
            <b>{formatNumber(entities, 0)}</b> {say('entities')} · <b>{columns.length}</b>{' '}
            {say('columns').toLowerCase()}
          </p>
          <h3>{say('firstRows')}</h3>
          <FirstRows columns={columns.map(nameOf)} rows={rows} />
          <h3>{say('columns')}</h3>
          <Table
            label={say('columns')}
            records={columns}
            keyOf={nameOf}
            columns={[
              { title: say('column'), cell: (column) => <code>{nameOf(column)}</code> },
              { title: say('meaning'), cell: (column) => textOf(column, 'dc:description') ?? '–' },
              { title: say('type'), cell: (column) => textOf(column, 'datatype') },
              { title: say('unit'), cell: unitsOf },
            ]}
          />
        </>
      ) : (
        <p class="failure">{problem}</p>
      )}
    </section>
  );
}

/** Findings of fields stand at the fields, others here. */
function Verdict({ preview: { findings } }: { readonly preview: Preview }) {
  const hasFaults = findings.some(({ isFault }) => isFault);
  const others = findings.filter(({ term }) => !isFormTerm(term));
  const advice = others.filter(({ isFault, rule }) => !isFault && rule !== 'heldBack');
  return (
    <>
      <div role="status">
        <p class={hasFaults ? 'failure' : 'verdict'}>{say(hasFaults ? 'faultsFirst' : 'noFaults')}</p>
        {others.map(
          (finding) =>
            (finding.isFault || finding.rule === 'heldBack') && <p key={finding.message}>{textOfFinding(finding)}</p>,
        )}
      </div>
      {advice.length > 0 && (
        <details>
          <summary>{say('advice')}</summary>
          <ul>
            {advice.map(({ message }) => (
              <li key={message}>{message}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

interface FirstRowsProps {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const FirstRows = ({ columns, rows }: FirstRowsProps) => (
  <div class="table cells" role="region" aria-label={say('firstRows')} tabIndex={0}>
    <table>
      <thead>
        <tr>
          {columns.map((name) => (
            <th key={name}>{name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells) => (
          <tr key={cells[0]}>
            {cells.map((cell, n) => (
              <td key={columns[n]}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
