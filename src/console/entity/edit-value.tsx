/** Changes the value of an attribute, where the person who is signed in may do so. */
import { useSignal } from '@preact/signals';
import { apiPath, call } from '../data/api.ts';
import type { Reading, Thing } from '../data/entity.ts';
import { type Json, parseJson, textOf } from '../data/json.ts';
import { useLoad } from '../data/load.ts';
import { spacedName } from '../data/names.ts';
import { Icon } from '../view/icon.tsx';
import { inputTo } from '../view/parts.tsx';
import { say } from '../words/words.ts';

interface EditProps {
  readonly thing: Thing;
  readonly reading: Reading;
}

/** The member of an attribute that holds its value. */
const memberOfKind = {
  property: 'value',
  geo: 'value',
  relationship: 'object',
  language: 'languageMap',
  vocabulary: 'vocab',
  json: 'json',
} as const;

async function mayWrite({ thing, reading }: EditProps): Promise<boolean> {
  const path = apiPath('/access/explain', { operation: 'write', entity: thing.id, attribute: reading.name });
  return textOf(await call(path), 'allowed') === 'yes';
}

export function EditValue(props: EditProps) {
  const { thing, reading } = props;
  const isOpen = useSignal(false);
  const granted = useLoad(() => mayWrite(props), [thing.id, reading.name]);
  const found = granted.result.value;
  if (found.state !== 'ready' || !found.value) return null;
  if (isOpen.value) return <Form {...props} onDone={() => (isOpen.value = false)} />;
  return (
    <button type="button" class="quiet" onClick={() => (isOpen.value = true)}>
      <Icon name="edit" /> {say('edit')}
    </button>
  );
}

/** What was typed: text where there was text before, otherwise JSON. */
const readInput = (text: string, before: unknown): Json => (typeof before === 'string' ? text : parseJson(text));

function Form({ thing, reading, onDone }: EditProps & { readonly onDone: () => void }) {
  const text = useSignal(typeof reading.value === 'string' ? reading.value : JSON.stringify(reading.value));
  const problem = useSignal('');
  const save = async (): Promise<void> => {
    try {
      await write(thing, reading, readInput(text.value, reading.value));
      onDone();
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    void save();
  };
  return (
    <form class="bar" onSubmit={submit}>
      <label class="choice grow">
        <span>
          {say('newValue')}: {spacedName(reading.name)}
        </span>
        <input value={text.value} onInput={inputTo(text)} />
      </label>
      <button type="submit">{say('save')}</button>
      <button type="button" class="quiet" onClick={onDone}>
        {say('cancel')}
      </button>
      {problem.value !== '' && <Problem text={problem.value} />}
    </form>
  );
}

const Problem = ({ text }: { readonly text: string }) => (
  <p class="failure" role="alert">
    {text}
  </p>
);

/** Writes a value. A measurement that somebody types in is observed now. */
async function write(thing: Thing, { kind, name, datasetId, observedAt }: Reading, value: Json): Promise<void> {
  const path = apiPath(`/entities/${encodeURIComponent(thing.id)}/attrs/${encodeURIComponent(name)}`);
  const body = {
    [memberOfKind[kind]]: value,
    ...(datasetId === undefined ? undefined : { datasetId }),
    ...(observedAt === undefined ? undefined : { observedAt: new Date().toISOString() }),
  };
  await call(path, { method: 'PATCH', body });
}
