/** Lists the datasets that are described, with what they lack, and the types of entities that nobody has described. */
import { call } from '../data/api.ts';
import { titleOf } from '../data/entity.ts';
import { listOf, memberOf, numberOf, textOf, textsOf } from '../data/json.ts';
import { revision, things } from '../data/live.ts';
import { type Loading, useLoad } from '../data/load.ts';
import { shortId, shortName } from '../data/names.ts';
import { addressOf } from '../data/route.ts';
import { isPublicFace, language } from '../data/session.ts';
import { formatNumber } from '../data/units.ts';
import { type PageRange, Paged, usePages } from '../view/pages.tsx';
import { Shown } from '../view/parts.tsx';
import { Table } from '../view/table.tsx';
import { say } from '../words/words.ts';
import { documentPath, FileLinks } from './published.tsx';

const loadFacts = ({ offset, limit }: PageRange): Promise<unknown> =>
  call(`/dcat/facts?limit=${limit}&offset=${offset}`);

export function DatasetsView() {
  const described = usePages(async (range) => listOf(memberOf(await loadFacts(range), 'datasets')), []);
  return (
    <>
      <Paged of={described}>{(facts) => <Described facts={facts} />}</Paged>
      {!isPublicFace && <Undescribed />}
    </>
  );
}

const slugOf = (facts: unknown): string => textOf(facts, 'slug') ?? '';

function nameOf(facts: unknown): string {
  const id = textOf(facts, 'id') ?? '';
  // The stream may bring the dataset after the list of facts.
  const thing = revision.value >= 0 ? things.get(id) : undefined;
  return thing ? titleOf(thing, language.value) : shortId(id);
}

const Described = ({ facts }: { readonly facts: readonly unknown[] }) => (
  <Table
    label={say('data.datasets')}
    records={facts}
    keyOf={slugOf}
    columns={[
      { title: say('dataset'), cell: nameOf },
      { title: say('isPublic'), cell: (one) => say(memberOf(one, 'isPublic') === true ? 'yes' : 'no') },
      { title: say('typeCount'), isNumber: true, cell: (one) => formatNumber(numberOf(one, 'entities') ?? 0, 0) },
      { title: say('lacks'), isNumber: true, cell: (one) => textsOf(memberOf(one, 'missing')).length },
      { title: say('files'), cell: (one) => <FileLinks slug={slugOf(one)} /> },
    ]}
    detail={(one) => <Detail facts={one} />}
  />
);

const Detail = ({ facts }: { readonly facts: unknown }) => (
  <>
    <p class="bar">
      {!isPublicFace && (
        <a class="button" href={addressOf(['data', 'publish'], { dataset: textOf(facts, 'id') ?? '' })}>
          {say('edit')}
        </a>
      )}
      <a href={documentPath(`/dcat/dataset/${slugOf(facts)}`)}>{say('record')}</a>
    </p>
    {textOf(facts, 'problem') !== undefined && <p class="failure">{textOf(facts, 'problem')}</p>}
    {textsOf(memberOf(facts, 'missing')).length > 0 && (
      <>
        <h3>{say('lacks')}</h3>
        <ul>
          {textsOf(memberOf(facts, 'missing')).map((missing) => (
            <li key={missing}>{missing}</li>
          ))}
        </ul>
      </>
    )}
  </>
);

function Undescribed() {
  const loading: Loading<readonly unknown[]> = useLoad(
    async () => listOf(memberOf(await loadFacts({ limit: 1, offset: 0 }), 'undescribed')),
    [],
  );
  return (
    <section class="card">
      <h2>{say('undescribed')}</h2>
      <p class="faint">{say('undescribedHint')}</p>
      <Shown of={loading}>
        {(types) => (
          <Table
            label={say('undescribed')}
            records={types}
            keyOf={(type) => textOf(type, 'type') ?? ''}
            columns={[
              {
                title: say('type'),
                cell: (type) => <span title={textOf(type, 'type')}>{shortName(textOf(type, 'name') ?? '')}</span>,
              },
              { title: say('typeCount'), isNumber: true, cell: (type) => numberOf(type, 'entities') },
              {
                title: say('attributesOfType'),
                isNumber: true,
                cell: (type) => listOf(memberOf(type, 'attributes')).length,
              },
              { title: say('describe'), cell: (type) => <DescribeLink type={textOf(type, 'type') ?? ''} /> },
            ]}
          />
        )}
      </Shown>
    </section>
  );
}

export const DescribeLink = ({ type }: { readonly type: string }) => (
  <a href={addressOf(['data', 'publish'], { type })}>{say('describe')}</a>
);
