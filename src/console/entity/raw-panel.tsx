/** Shows an entity in every representation of the API, and the request for each as a command. */
import { useSignal } from '@preact/signals';
import { apiPath, type ApiRequest, asCurl, send } from '../data/api.ts';
import type { Thing } from '../data/entity.ts';
import { indented } from '../data/json.ts';
import { useLoad } from '../data/load.ts';
import { Choice, CopyButton, Shown } from '../view/parts.tsx';
import { say } from '../words/words.ts';

const forms = ['normalized', 'concise', 'simplified', 'jsonld', 'geojson', 'temporal', 'v2'] as const;
type Form = (typeof forms)[number];

/** The request for an entity in one representation. */
function requestOf(id: string, form: Form): readonly [path: string, request: ApiRequest] {
  const path = (parameters: Readonly<Record<string, string>>): string =>
    apiPath(`/entities/${encodeURIComponent(id)}`, parameters);
  switch (form) {
    case 'jsonld':
      return [path({ options: 'sysAttrs' }), { accept: 'application/ld+json' }];
    case 'geojson':
      return [path({}), { accept: 'application/geo+json' }];
    case 'temporal':
      return [apiPath(`/temporal/entities/${encodeURIComponent(id)}`, { lastN: '5', format: 'temporalValues' }), {}];
    case 'v2':
      return [`/v2/entities/${encodeURIComponent(id)}`, {}];
    default:
      return [path({ format: form }), {}];
  }
}

export function RawPanel({ thing }: { readonly thing: Thing }) {
  const isOpen = useSignal(false);
  return (
    <details class="raw" onToggle={({ currentTarget }) => (isOpen.value = currentTarget.open)}>
      <summary>{say('raw')}</summary>
      {isOpen.value && <Raw id={thing.id} />}
    </details>
  );
}

function Raw({ id }: { readonly id: string }) {
  const form = useSignal<Form>('concise');
  const [path, request] = requestOf(id, form.value);
  const loading = useLoad(async () => indented((await send(path, request)).text), [path, form.value]);
  return (
    <>
      <div class="bar">
        <Choice
          label={say('representation')}
          value={form.value}
          options={forms.map((name) => [name, say(`raw.${name}`)] as const)}
          onChoose={(name) => (form.value = forms.find((known) => known === name) ?? 'concise')}
        />
        <CopyButton text={() => asCurl(path, request)} label="copyCurl" />
      </div>
      <Shown of={loading}>
        {(text) => (
          <>
            <CopyButton text={() => text} label="copy" />
            <pre tabIndex={0}>{text}</pre>
          </>
        )}
      </Shown>
    </>
  );
}
