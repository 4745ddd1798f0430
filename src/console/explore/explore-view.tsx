/** Lets a person build a request, see its URL, its answer and what it cost, and follow the same live. */
import { type Signal, useSignal } from '@preact/signals';
import { type ApiAnswer, asCurl, send } from '../data/api.ts';
import { indented } from '../data/json.ts';
import { readingsOfType, typesOf } from '../data/types.ts';
import { shortName } from '../data/names.ts';
import { formatNumber } from '../data/units.ts';
import { Choice, CopyButton } from '../view/parts.tsx';
import { say } from '../words/words.ts';
import { Conditions } from './conditions.tsx';
import { LiveTail } from './live-tail.tsx';
import { type Built, pathOf } from './request.ts';

const initial: Built = {
  kind: 'entities',
  type: '',
  conditions: [],
  longitude: '',
  latitude: '',
  radiusM: '500',
  method: 'avg',
  period: 'PT1H',
  sinceHours: '6',
  attribute: '',
  limit: '20',
};

export function ExploreView() {
  const built = useSignal(initial);
  const type = built.value.type === '' ? (typesOf()[0]?.iri ?? '') : built.value.type;
  const attributes = readingsOfType(type).map(({ name }) => name);
  const attribute = built.value.attribute === '' ? (attributes[0] ?? '') : built.value.attribute;
  const current = { ...built.value, type, attribute };
  const change = (part: Partial<Built>): void => {
    built.value = { ...built.value, ...part };
  };
  return (
    <div class="page">
      <h1>{say('explore')}</h1>
      <p>
        <a href="/api">{say('apiPage')}</a> · <a href="/docs">/docs</a>
      </p>
      <section class="card">
        <Kinds built={current} onChange={change} />
        <TypeRow built={current} onChange={change} />
        <Conditions built={current} attributes={attributes} onChange={change} />
        <Near built={current} onChange={change} />
        {current.kind !== 'entities' && <Times built={current} attributes={attributes} onChange={change} />}
        <Sender path={pathOf(current)} />
      </section>
      <LiveTail built={current} />
    </div>
  );
}

const TypeRow = ({ built, onChange }: BuilderProps) => (
  <div class="bar">
    <Choice
      label={say('type')}
      value={built.type}
      options={typesOf().map(({ iri, count }) => [iri, `${shortName(iri)} (${count})`] as const)}
      onChoose={(iri) => onChange({ type: iri, conditions: [], attribute: '' })}
    />
    <Field label={say('limit')} value={built.limit} onInput={(limit) => onChange({ limit })} />
  </div>
);

interface BuilderProps {
  readonly built: Built;
  readonly onChange: (part: Partial<Built>) => void;
}

const kinds = ['entities', 'history', 'aggregates'] as const;

const Kinds = ({ built, onChange }: BuilderProps) => (
  <div class="segments" role="group" aria-label={say('request')}>
    {kinds.map((kind) => (
      <button key={kind} type="button" aria-pressed={built.kind === kind} onClick={() => onChange({ kind })}>
        {say(`build.${kind}`)}
      </button>
    ))}
  </div>
);

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

const Field = ({ label, value, onInput }: FieldProps) => (
  <label class="choice short">
    <span>{label}</span>
    <input value={value} onInput={({ currentTarget }) => onInput(currentTarget.value.trim())} />
  </label>
);

const Near = ({ built, onChange }: BuilderProps) => (
  <fieldset>
    <legend>{say('near')}</legend>
    <div class="bar">
      <Field label={say('longitude')} value={built.longitude} onInput={(longitude) => onChange({ longitude })} />
      <Field label={say('latitude')} value={built.latitude} onInput={(latitude) => onChange({ latitude })} />
      <Field label={say('radius')} value={built.radiusM} onInput={(radiusM) => onChange({ radiusM })} />
    </div>
  </fieldset>
);

const methods = ['avg', 'min', 'max', 'sum', 'totalCount', 'distinctCount', 'stddev'].map(
  (name) => [name, name] as const,
);
const periods = ['PT15M', 'PT1H', 'P1D', 'P1W', 'P1M', 'PT0S'].map((name) => [name, name] as const);

/** A hundred years. Earlier times than JavaScript knows would be no request. */
const hoursMax = 876_000;
const hoursIn = (text: string): number => Math.min(Math.max(Number(text) || 1, 1), hoursMax);

function Times({ built, onChange, attributes }: BuilderProps & { readonly attributes: readonly string[] }) {
  return (
    <div class="bar">
      <Choice
        label={say('attribute')}
        value={built.attribute}
        options={attributes.map((name) => [name, shortName(name)] as const)}
        onChoose={(attribute) => onChange({ attribute })}
      />
      <Field
        label={`${say('since')} (h)`}
        value={built.sinceHours}
        onInput={(sinceHours) => onChange({ sinceHours: String(hoursIn(sinceHours)) })}
      />
      {built.kind === 'aggregates' && (
        <>
          <Choice
            label={say('method')}
            value={built.method}
            options={methods}
            onChoose={(method) => onChange({ method })}
          />
          <Choice
            label={say('period')}
            value={built.period}
            options={periods}
            onChoose={(period) => onChange({ period })}
          />
        </>
      )}
    </div>
  );
}

function Sender({ path }: { readonly path: string }) {
  const answer = useSignal<ApiAnswer | undefined>(undefined);
  const problem = useSignal('');
  const ask = (): void => {
    send(path).then(
      (found) => {
        answer.value = found;
        problem.value = '';
      },
      (error: unknown) => {
        problem.value = String(error);
      },
    );
  };
  return (
    <>
      <pre class="request" tabIndex={0}>
        GET {decodeURIComponent(path)}
      </pre>
      <p class="bar">
        <button type="button" onClick={ask}>
          {say('send')}
        </button>
        <CopyButton text={() => asCurl(path)} label="copyCurl" />
      </p>
      {problem.value !== '' && <p class="failure">{problem.value}</p>}
      <Answer answer={answer} />
    </>
  );
}

/** The part of an answer that is shown. */
const shownMax = 100_000;

function Answer({ answer }: { readonly answer: Signal<ApiAnswer | undefined> }) {
  const found = answer.value;
  if (!found) return null;
  const count = found.headers.get('NGSILD-Results-Count');
  return (
    <div role="status">
      <p>
        <b>{found.status}</b> · {formatNumber(found.tookMs)} ms · {formatNumber(found.text.length / 1024)} KiB
        {count !== null && ` · ${count} ${say('entities')}`}
      </p>
      <pre tabIndex={0}>{indented(found.text).slice(0, shownMax)}</pre>
    </div>
  );
}
