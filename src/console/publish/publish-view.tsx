/** Lets a data officer describe a dataset, check it, see what would leave, and publish it. */
import { type Signal, useSignal } from '@preact/signals';
import { useAction } from '../data/act.ts';
import { titleOf } from '../data/entity.ts';
import { spacedName, shortName } from '../data/names.ts';
import { addressOf, route } from '../data/route.ts';
import { everything } from '../data/selection.ts';
import { language } from '../data/session.ts';
import { useLoad } from '../data/load.ts';
import { readingsOfType } from '../data/types.ts';
import { Outcome, Shown } from '../view/parts.tsx';
import { say } from '../words/words.ts';
import { type Draft, type Field, loadDraft, loadPreview, newDraft, type Preview, writeDraft } from './draft.ts';
import * as fields from './fields.tsx';
import { PreviewPanel } from './preview-panel.tsx';
import { Published } from './published.tsx';

export function PublishView() {
  const { query } = route.value;
  const [type, dataset] = [query.get('type') ?? '', query.get('dataset') ?? ''];
  const loading = useLoad(async () => (dataset === '' ? newDraft(type) : loadDraft(dataset)), [type, dataset]);
  return <Shown of={loading}>{(draft) => <Describer key={type + dataset} initial={draft} />}</Shown>;
}

/** What the broker said of a description, and of which one. */
interface Checked {
  readonly draft: Draft;
  readonly preview: Preview;
}

function Describer({ initial }: { readonly initial: Draft }) {
  const draft = useSignal(initial);
  const checked = useSignal<Checked | undefined>(undefined);
  const written = useSignal<{ readonly slug: string; readonly isPublished: boolean } | undefined>(undefined);
  if (written.value) return <Published {...written.value} />;
  return (
    <>
      <p>
        <a href={addressOf(['data', 'datasets'])}>{say('back')}</a>
      </p>
      <h2>
        {say('dataset')}: {draft.value.types.map(shortName).join(', ')}
      </h2>
      <Form draft={draft} findings={checked.value?.preview.findings ?? []} />
      <Steps
        draft={draft}
        checked={checked}
        onWritten={(slug, isPublished) => (written.value = { slug, isPublished })}
      />
      {checked.value && <PreviewPanel preview={checked.value.preview} />}
    </>
  );
}

interface StepsProps {
  readonly draft: Signal<Draft>;
  readonly checked: Signal<Checked | undefined>;
  readonly onWritten: (slug: string, isPublished: boolean) => void;
}

/** Nothing is published that the person has not seen checked and previewed. */
function Steps({ draft, checked, onWritten }: StepsProps) {
  const action = useAction();
  const check = async (): Promise<void> => {
    const asked = draft.value;
    checked.value = { draft: asked, preview: await loadPreview(asked) };
  };
  const write = async (isPublished: boolean): Promise<void> => {
    await writeDraft(draft.value, isPublished);
    onWritten(checked.value?.preview.slug ?? '', isPublished);
  };
  const current = checked.value?.draft === draft.value ? checked.value.preview : undefined;
  const isReady = current !== undefined && !current.findings.some(({ isFault }) => isFault);
  return (
    <p class="bar">
      <button type="button" onClick={() => action.run(check)}>
        {say('checkAndPreview')}
      </button>
      <button type="button" disabled={!isReady} onClick={() => action.run(() => write(true))}>
        {say('publish')}
      </button>
      <button type="button" class="quiet" disabled={!isReady} onClick={() => action.run(() => write(false))}>
        {say('saveUnpublished')}
      </button>
      {action.problem.value !== '' && <Outcome of={action} />}
    </p>
  );
}

interface FormProps {
  readonly draft: Signal<Draft>;
  readonly findings: Preview['findings'];
}

function Form({ draft, findings }: FormProps) {
  const onChange = (field: Field, text: string): void => {
    draft.value = { ...draft.value, texts: { ...draft.value.texts, [field]: text } };
  };
  const props = { draft: draft.value, findings, onChange };
  const text = (field: Field, more: { readonly isLong?: boolean; readonly list?: string } = {}) => (
    <fields.TextField key={field} field={field} {...props} {...more} />
  );
  return (
    <form class="card" onSubmit={(event) => event.preventDefault()}>
      <Agents />
      <div class="pairs">
        {text('title.sl')}
        {text('title.en')}
        {text('description.sl', { isLong: true })}
        {text('description.en', { isLong: true })}
        {text('slug')}
        {text('contactPoint')}
        {text('publisher', { list: 'agents' })}
        {text('owner', { list: 'agents' })}
        <fields.ChoiceField field="license" options={fields.licenceOptions} {...props} />
        <fields.ChoiceField field="accessRights" options={fields.accessOptions()} {...props} />
        <fields.ChoiceField field="personalData" options={fields.personalOptions()} {...props} />
        <fields.ChoiceField field="accrualPeriodicity" options={fields.frequencyOptions()} {...props} />
        <fields.ChoiceField field="theme" options={fields.themeOptions()} {...props} />
        {text('purpose')}
        {text('retentionPeriod')}
      </div>
      <Attributes draft={draft} />
    </form>
  );
}

/** The organisations that the broker knows, as suggestions. */
const Agents = () => (
  <datalist id="agents">
    {everything.value
      .filter(({ type }) => type === 'Agent')
      .map(({ thing }) => (
        <option key={thing.id} value={thing.id}>
          {titleOf(thing, language.value)}
        </option>
      ))}
  </datalist>
);

function Attributes({ draft }: { readonly draft: Signal<Draft> }) {
  const { types, attributes } = draft.value;
  const all = [...new Set(types.flatMap((type) => readingsOfType(type).map(({ name }) => name)))].sort();
  const choose = (names: readonly string[] | undefined): void => {
    draft.value = { ...draft.value, attributes: names };
  };
  const toggle = (name: string): void => {
    const before = attributes ?? all;
    choose(before.includes(name) ? before.filter((one) => one !== name) : [...before, name]);
  };
  return (
    <fieldset>
      <legend>{say('attributesThatLeave')}</legend>
      <label class="check">
        <input
          type="checkbox"
          checked={attributes === undefined}
          onChange={() => choose(attributes ? undefined : all)}
        />
        <b>{say('allAttributes')}</b>
      </label>
      {attributes !== undefined && (
        <div class="checks" role="group" aria-label={say('chosenAttributes')}>
          {all.map((name) => (
            <label key={name} class="check" title={name}>
              <input type="checkbox" checked={attributes.includes(name)} onChange={() => toggle(name)} />
              {spacedName(name)}
            </label>
          ))}
        </div>
      )}
    </fieldset>
  );
}
