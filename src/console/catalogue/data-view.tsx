/** Shows which types of entities there are, what they look like, and takes them out in open formats. */
import type { ComponentType } from 'preact';
import { lazy } from 'preact/compat';
import { useAction } from '../data/act.ts';
import { isLoaded } from '../data/live.ts';
import { unitOf } from '../data/units.ts';
import { familyOf, shortName, spacedName } from '../data/names.ts';
import { addressOf, entityAddress, route } from '../data/route.ts';
import { isPublicFace } from '../data/session.ts';
import { everything } from '../data/selection.ts';
import { type TypeCount, readingsOfType, typesOf } from '../data/types.ts';
import { Outcome } from '../view/parts.tsx';
import { Table } from '../view/table.tsx';
import { textOfReading } from '../view/value.tsx';
import { DatasetsView, DescribeLink } from '../publish/datasets-view.tsx';
import { PublishView } from '../publish/publish-view.tsx';
import { say, type Word } from '../words/words.ts';
import { AggregatesView } from './aggregates-view.tsx';
import { exportFormats, exportType } from './export.ts';

const ImportView = lazy(() => import('../import/import-view.tsx').then((module) => ({ default: module.ImportView })));

const parts: readonly { readonly name: string; readonly word: Word; readonly view: ComponentType }[] = [
  { name: 'types', word: 'data.types', view: TypesView },
  { name: 'datasets', word: 'data.datasets', view: DatasetsView },
  ...(isPublicFace
    ? []
    : ([
        { name: 'aggregates', word: 'data.aggregates', view: AggregatesView },
        { name: 'import', word: 'data.import', view: ImportView },
      ] as const)),
];

export function DataView() {
  const name = route.value.path[1] ?? 'types';
  const View = name === 'publish' && !isPublicFace ? PublishView : parts.find((part) => part.name === name)?.view;
  const shown = name === 'publish' ? 'datasets' : name;
  return (
    <div class="page">
      <h1>{say('data')}</h1>
      <nav class="tabs" aria-label={say('data')}>
        {parts.map((part) => (
          <a
            key={part.name}
            href={addressOf(['data', part.name])}
            aria-current={part.name === shown ? 'page' : undefined}
          >
            {say(part.word)}
          </a>
        ))}
        <a href="/dcat/catalog">{say('catalogue')}</a>
      </nav>
      {isLoaded.value ? View && <View /> : <p class="note">{say('loading')}</p>}
    </div>
  );
}

function TypesView() {
  return (
    <Table
      label={say('data')}
      records={typesOf()}
      keyOf={({ iri }) => iri}
      columns={[
        { title: say('type'), cell: ({ iri }) => shortName(iri) },
        { title: say('family'), cell: ({ iri }) => familyOf(iri) ?? '–' },
        { title: say('typeCount'), isNumber: true, cell: ({ count }) => count },
        {
          title: say('onMap'),
          cell: ({ iri }) => <a href={addressOf(['city'], { type: shortName(iri) })}>{say('onMap')}</a>,
        },
        ...(isPublicFace
          ? []
          : [{ title: say('describe'), cell: ({ iri }: TypeCount) => <DescribeLink type={iri} /> }]),
        { title: say('export'), cell: (type) => <Export type={type} /> },
      ]}
      detail={({ iri }) => <TypeDetail iri={iri} />}
    />
  );
}

function Export({ type }: { readonly type: TypeCount }) {
  const action = useAction();
  return (
    <span class="together">
      {exportFormats.map((format) => (
        <button key={format} type="button" class="quiet" onClick={() => action.run(() => exportType(type.iri, format))}>
          {format}
        </button>
      ))}
      <Outcome of={action} />
    </span>
  );
}

const examplesMax = 5;

function TypeDetail({ iri }: { readonly iri: string }) {
  const examples = everything.value.filter(({ thing }) => thing.types.includes(iri)).slice(0, examplesMax);
  return (
    <>
      <p>
        <code>{iri}</code>
      </p>
      <h3>{say('examples')}</h3>
      <p>
        {examples.map(({ thing, title }) => (
          <a key={thing.id} class="link" href={entityAddress(thing.id)}>
            {title}
          </a>
        ))}
      </p>
      <h3>{say('attributesOfType')}</h3>
      <Table
        label={say('attributesOfType')}
        records={readingsOfType(iri)}
        keyOf={({ name }) => name}
        columns={[
          { title: say('name'), cell: ({ name }) => <span title={name}>{spacedName(name)}</span> },
          { title: say('kind'), cell: ({ kind }) => kind },
          { title: say('unit'), cell: ({ name, unitCode }) => unitOf(name, unitCode).unit },
          { title: say('examples'), cell: (reading) => textOfReading(reading).slice(0, 120) },
        ]}
      />
    </>
  );
}
