/** Shows what somebody else may do, and by which grants. */
import { useSignal } from '@preact/signals';
import { apiPath, call } from '../data/api.ts';
import { listOf, memberOf, textOf } from '../data/json.ts';
import { useLoad } from '../data/load.ts';
import { shortId, shortName } from '../data/names.ts';
import { inputTo, Shown } from '../view/parts.tsx';
import { Table } from '../view/table.tsx';
import { say } from '../words/words.ts';

const classes = ['read', 'write', 'delete', 'subscribe', 'history', 'register', 'administer', 'audit'] as const;

interface Asked {
  readonly principal: string;
  readonly entity: string;
}

export function Eyes() {
  const principal = useSignal('');
  const entity = useSignal('');
  const asked = useSignal<Asked>({ principal: '', entity: '' });
  const submit = (event: Event): void => {
    event.preventDefault();
    asked.value = { principal: principal.value.trim(), entity: entity.value.trim() };
  };
  return (
    <section class="card">
      <h2>{say('eyes')}</h2>
      <p class="faint">{say('eyesHint')}</p>
      <form class="bar" onSubmit={submit}>
        <label class="choice">
          <span>{say('principal')}</span>
          <input value={principal.value} placeholder="key:parking-app" onInput={inputTo(principal)} />
        </label>
        <label class="choice grow">
          <span>{say('entity')}</span>
          <input value={entity.value} placeholder="urn:ngsi-ld:…" onInput={inputTo(entity)} />
        </label>
        <button type="submit">{say('look')}</button>
      </form>
      <Answers of={asked.value} />
    </section>
  );
}

const explain = ({ principal, entity }: Asked): Promise<readonly unknown[]> =>
  Promise.all(classes.map((operation) => call(apiPath('/access/explain', { operation, principal, entity }))));

function Answers({ of }: { readonly of: Asked }) {
  const loading = useLoad(() => explain(of), [of]);
  return (
    <Shown of={loading}>
      {(answers) => (
        <Table
          label={say('eyes')}
          records={answers}
          keyOf={(answer) => textOf(answer, 'operation') ?? ''}
          columns={[
            { title: say('operation'), cell: (answer) => textOf(answer, 'operation') },
            { title: say('allowed'), cell: (answer) => <Allowed answer={answer} /> },
            { title: say('reason'), cell: (answer) => reasonOf(answer) },
            { title: say('grants'), cell: (answer) => grantsOf(answer) },
          ]}
        />
      )}
    </Shown>
  );
}

function Allowed({ answer }: { readonly answer: unknown }) {
  const allowed = textOf(answer, 'allowed');
  if (allowed === 'yes') return <span class="tag tag-good">{say('allowed.yes')}</span>;
  if (allowed === 'part') return <span class="tag tag-fair">{say('allowed.part')}</span>;
  return <span class="tag">{say('allowed.no')}</span>;
}

function reasonOf(answer: unknown): string {
  const attributes = listOf(memberOf(answer, 'attributes')).map((name) => shortName(String(name)));
  return [textOf(answer, 'reason') ?? '', attributes.join(', ')].filter((part) => part !== '').join(' ');
}

const grantsOf = (answer: unknown): string =>
  listOf(memberOf(answer, 'grants'))
    .filter((grant) => memberOf(grant, 'covers') === true)
    .map((grant) => shortId(textOf(grant, 'id') ?? ''))
    .filter((id) => id !== '')
    .join(', ');
