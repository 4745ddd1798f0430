/** Lets a person say what the columns become: by dragging attributes onto columns, or by the keyboard. */
import { useSignal } from '@preact/signals';
import { saveFile } from '../data/save.ts';
import { shortName } from '../data/names.ts';
import { typesOf } from '../data/types.ts';
import { unitCodeOf, unitOf } from '../data/units.ts';
import { Choice } from '../view/parts.tsx';
import { say, type Word } from '../words/words.ts';
import { cellTypes, type Choice as ColumnChoice, documentOf, knownAttributes, type Mapping } from './mapping.ts';
import { guessPattern } from './guess.ts';
import { cellText, type SourceTable } from './table.ts';

interface MappingProps {
  readonly table: SourceTable;
  readonly mapping: Mapping;
  readonly onChange: (mapping: Mapping) => void;
}

export function MappingStep(props: MappingProps) {
  const { mapping } = props;
  const known = [...new Set(knownAttributes(mapping.type).map(({ short }) => short))].sort();
  return (
    <section class="card">
      <h2>{say('import.mapping')}</h2>
      <Whole {...props} />
      <p class="faint">{say('import.mappingHint')}</p>
      <datalist id="known-attributes">
        {known.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {known.length > 0 && <Chips names={known} />}
      <Columns {...props} />
      <p>
        <button type="button" class="quiet" onClick={() => save(mapping)}>
          {say('import.saveMap')}
        </button>
      </p>
    </section>
  );
}

const save = (mapping: Mapping): void =>
  saveFile(
    `${shortName(mapping.type)}.map.json`,
    new Blob([JSON.stringify(documentOf(mapping), undefined, 2)], { type: 'application/json' }),
  );

/** Attributes to drag. Who uses the keyboard types their names, with the same names as suggestions. */
const Chips = ({ names }: { readonly names: readonly string[] }) => (
  <div class="chips" role="group" aria-label={say('import.knownAttributes')}>
    {names.map((name) => (
      <span
        key={name}
        class="tag draggable"
        draggable
        onDragStart={({ dataTransfer }) => dataTransfer?.setData('text/plain', name)}
      >
        {name}
      </span>
    ))}
  </div>
);

interface WholeFieldProps<Member extends keyof Mapping> extends MappingProps {
  readonly member: Member;
  readonly label: Word;
}

const TextField = ({
  mapping,
  onChange,
  member,
  label,
  list,
}: WholeFieldProps<'type' | 'id' | 'context' | 'timeZone'> & { readonly list?: string }) => (
  <label class="choice">
    <span>{say(label)}</span>
    <input
      type="text"
      value={mapping[member]}
      {...(list === undefined ? {} : { list })}
      spellcheck={false}
      onInput={({ currentTarget }) => onChange({ ...mapping, [member]: currentTarget.value })}
    />
  </label>
);

const ColumnField = ({
  table,
  mapping,
  onChange,
  member,
  label,
}: WholeFieldProps<'observedAt' | 'longitude' | 'latitude'>) => (
  <Choice
    label={say(label)}
    value={mapping[member]}
    options={[['', `– ${say('import.none')} –`], ...table.columns.map((name) => [name, name] as const)]}
    onChoose={(name) => onChange({ ...mapping, [member]: name })}
  />
);

/** What concerns all rows. */
const Whole = (props: MappingProps) => (
  <div class="pairs">
    <datalist id="known-types">
      {typesOf().map(({ iri }) => (
        <option key={iri} value={shortName(iri)} />
      ))}
    </datalist>
    <TextField {...props} member="type" label="type" list="known-types" />
    <TextField {...props} member="id" label="import.id" />
    <ColumnField {...props} member="observedAt" label="import.observedAt" />
    <TextField {...props} member="timeZone" label="import.timeZone" />
    <Choice
      label={say('import.decimal')}
      value={props.mapping.decimal}
      options={[
        ['.', say('import.point')],
        [',', say('import.comma')],
      ]}
      onChoose={(decimal) => props.onChange({ ...props.mapping, decimal: decimal === ',' ? ',' : '.' })}
    />
    <ColumnField {...props} member="longitude" label="import.longitudeColumn" />
    <ColumnField {...props} member="latitude" label="import.latitudeColumn" />
    <TextField {...props} member="context" label="import.context" />
  </div>
);

function Columns({ table, mapping, onChange }: MappingProps) {
  const change = (column: string, part: Partial<ColumnChoice>): void =>
    onChange({
      ...mapping,
      choices: mapping.choices.map((choice) => (choice.column === column ? { ...choice, ...part } : choice)),
    });
  return (
    <div class="table columns" role="region" aria-label={say('columns')} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {(['column', 'examples', 'attribute', 'import.as', 'unit', 'import.pattern'] as const).map((word) => (
              <th key={word}>{say(word)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {mapping.choices.map((choice, n) => (
            <ColumnRow
              key={choice.column}
              choice={choice}
              isTimeOfRow={choice.column === mapping.observedAt}
              samples={table.rows.slice(0, 20).map((cells) => cells[n] ?? '')}
              onChange={(part) => change(choice.column, part)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ColumnRowProps {
  readonly choice: ColumnChoice;
  readonly isTimeOfRow: boolean;
  readonly samples: SourceTable['rows'][number];
  readonly onChange: (part: Partial<ColumnChoice>) => void;
}

function ColumnRow(props: ColumnRowProps) {
  const { choice, isTimeOfRow, samples, onChange } = props;
  const isOver = useSignal(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    isOver.value = false;
    onChange({ attribute: event.dataTransfer?.getData('text/plain') ?? '' });
  };
  const over = (event: DragEvent): void => {
    event.preventDefault();
    isOver.value = true;
  };
  const cell = { choice, onChange, label: (what: string): string => `${choice.column}: ${what}` };
  const isTime = isTimeOfRow || choice.as === 'time';
  return (
    <tr
      class={isOver.value ? 'is-over' : ''}
      onDragOver={over}
      onDragLeave={() => (isOver.value = false)}
      onDrop={drop}
    >
      <th scope="row">{choice.column}</th>
      <td class="samples">{samples.slice(0, 3).map(cellText).join(' · ')}</td>
      <td>{isTimeOfRow ? say('import.observedAt') : <AttributeName {...cell} />}</td>
      <td>{!isTimeOfRow && <TypeOfCell {...cell} samples={samples} />}</td>
      <td>{!isTimeOfRow && (choice.as === 'number' || choice.as === 'integer') && <Unit {...cell} />}</td>
      <td>{isTime && <Pattern {...cell} />}</td>
    </tr>
  );
}

interface CellProps extends Pick<ColumnRowProps, 'choice' | 'onChange'> {
  readonly label: (what: string) => string;
}

const AttributeName = ({ choice: { attribute }, label, onChange }: CellProps) => (
  <input
    type="text"
    list="known-attributes"
    aria-label={label(say('attribute'))}
    value={attribute}
    spellcheck={false}
    onInput={({ currentTarget }) => onChange({ attribute: currentTarget.value })}
  />
);

const TypeOfCell = ({ choice, samples, label, onChange }: CellProps & Pick<ColumnRowProps, 'samples'>) => (
  <select
    aria-label={label(say('import.as'))}
    value={choice.as}
    onChange={({ currentTarget }) => {
      const as = cellTypes.find((one) => one === currentTarget.value) ?? 'text';
      const filled = samples.filter((cell) => cell !== '');
      onChange({
        as,
        ...(as === 'time' ? { pattern: guessPattern(filled, choice.column) ?? choice.pattern } : undefined),
      });
    }}
  >
    {cellTypes.map((one) => (
      <option key={one} value={one} selected={one === choice.as}>
        {say(`as.${one}`)}
      </option>
    ))}
  </select>
);

/** Takes a symbol such as `°C`, and keeps its code. */
const Unit = ({ choice: { unitCode }, label, onChange }: CellProps) => (
  <input
    type="text"
    class="unit"
    aria-label={label(say('unit'))}
    value={unitCode === '' ? '' : unitOf('', unitCode).unit || unitCode}
    spellcheck={false}
    onChange={({ currentTarget }) =>
      onChange({ unitCode: unitCodeOf(currentTarget.value) ?? currentTarget.value.trim() })
    }
  />
);

const Pattern = ({ choice: { pattern }, label, onChange }: CellProps) => (
  <input
    type="text"
    aria-label={label(say('import.pattern'))}
    value={pattern}
    spellcheck={false}
    onInput={({ currentTarget }) => onChange({ pattern: currentTarget.value })}
  />
);
