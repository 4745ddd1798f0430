/** Takes a file, a pasted text or an address of this host. */
import { type Signal, useSignal } from '@preact/signals';
import { useAction } from '../data/act.ts';
import { Choice, inputTo, Outcome } from '../view/parts.tsx';
import { say } from '../words/words.ts';
import { readAddress, readFile, readSource, type SourceOptions } from './read-source.ts';
import type { SourceTable } from './table.ts';

interface SourceProps {
  /** The delimiter that was guessed or chosen. */
  readonly isGuessed: string | undefined;
  readonly onTable: (table: SourceTable, name: string) => void;
}

const endings = '.csv,.tsv,.txt,.json,.ndjson,.jsonl,.geojson,.xlsx';

export function SourceStep({ isGuessed, onTable }: SourceProps) {
  const options = useSignal<SourceOptions>({ delimiter: '', encoding: '' });
  const file = useSignal<File | undefined>(undefined);
  const [pasted, address] = [useSignal(''), useSignal('')];
  const action = useAction();
  const given = { file, pasted, address };
  const read = async (): Promise<void> => {
    const found = await readGiven(given, options.value);
    if (found) onTable(found.table, found.name);
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    action.run(read);
  };
  return (
    <section class="card">
      <h2>{say('import.source')}</h2>
      <p class="faint">{say('import.hint')}</p>
      <form onSubmit={submit} class="pairs">
        <Fields given={given} onChoose={() => action.run(read)} />
        <div class="bar">
          <Options options={options} guessed={isGuessed} />
          <button type="submit">{say('import.read')}</button>
          {action.problem.value !== '' && <Outcome of={action} />}
        </div>
      </form>
    </section>
  );
}

/** A file that is chosen is read at once. */
function Fields({ given, onChoose }: { readonly given: Given; readonly onChoose: () => void }) {
  const { file, pasted, address } = given;
  const choose = ({ currentTarget }: { readonly currentTarget: HTMLInputElement }): void => {
    file.value = currentTarget.files?.[0];
    pasted.value = '';
    address.value = '';
    onChoose();
  };
  return (
    <>
      <label class="choice">
        <span>{say('import.file')}</span>
        <input type="file" accept={endings} onChange={choose} />
      </label>
      <label class="choice">
        <span>{say('import.address')}</span>
        <input type="text" value={address.value} placeholder="/data/…" onInput={inputTo(address)} />
      </label>
      <label class="choice">
        <span>{say('import.paste')}</span>
        <textarea rows={2} value={pasted.value} onInput={inputTo(pasted)} />
      </label>
    </>
  );
}

interface Given {
  readonly file: Signal<File | undefined>;
  readonly pasted: Signal<string>;
  readonly address: Signal<string>;
}

/** The text, else what is at the address, else the file, which the form keeps. */
async function readGiven(
  { file: { value: file }, pasted: { value: pasted }, address }: Given,
  options: SourceOptions,
): Promise<{ readonly table: SourceTable; readonly name: string } | undefined> {
  const path = address.value.trim();
  if (pasted.trim() !== '') return { table: await readSource(bytesOf(pasted), options), name: 'Thing' };
  if (path !== '')
    return { table: await readAddress(path, options), name: path.split(/[?#]/)[0]?.split('/').at(-1) ?? '' };
  return file && { table: await readFile(file, options), name: file.name };
}

function bytesOf(text: string): ArrayBuffer {
  const { buffer } = new TextEncoder().encode(text);
  return buffer;
}

interface OptionsProps {
  readonly options: Signal<SourceOptions>;
  readonly guessed: string | undefined;
}

const nameOfDelimiter = (delimiter: string): string => (delimiter === '\t' ? say('import.tab') : delimiter);
const encodings = ['utf-8', 'windows-1250', 'iso-8859-2', 'windows-1252', 'utf-16le'];

function Options({ options, guessed }: OptionsProps) {
  const found = say('import.guessed');
  const automatic = guessed === undefined ? found : `${found}: ${nameOfDelimiter(guessed)}`;
  return (
    <>
      <Choice
        label={say('import.delimiter')}
        value={options.value.delimiter}
        options={[['', automatic], ...[',', ';', '\t', '|'].map((one) => [one, nameOfDelimiter(one)] as const)]}
        onChoose={(delimiter) => (options.value = { ...options.value, delimiter })}
      />
      <Choice
        label={say('import.encoding')}
        value={options.value.encoding}
        options={[['', found], ...encodings.map((one) => [one, one] as const)]}
        onChoose={(encoding) => (options.value = { ...options.value, encoding })}
      />
    </>
  );
}
