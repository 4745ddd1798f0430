/** Shows where a dataset is after it was written, and what somebody gets who does not sign in. */
import { useLoad } from '../data/load.ts';
import { addressOf } from '../data/route.ts';
import { tenant } from '../data/session.ts';
import { Shown } from '../view/parts.tsx';
import { say } from '../words/words.ts';

/** The address of a document of the catalogue, which names the tenant. */
export const documentPath = (path: string): string =>
  tenant.value === '' ? path : `${path}?tenant=${encodeURIComponent(tenant.value)}`;

const endings = ['csv', 'geojson', 'ndjson', 'parquet', 'csv-metadata.json'] as const;

export const FileLinks = ({ slug }: { readonly slug: string }) => (
  <span class="bar">
    {endings.map((ending) => (
      <a key={ending} href={documentPath(`/data/${slug}.${ending}`)}>
        .{ending}
      </a>
    ))}
  </span>
);

interface PublishedProps {
  readonly slug: string;
  readonly isPublished: boolean;
}

export const Published = ({ slug, isPublished }: PublishedProps) => (
  <section class="card">
    <h2>{slug}</h2>
    <p class="verdict" role="status">
      {say(isPublished ? 'publishedAt' : 'savedHeldBack')}
    </p>
    {isPublished && (
      <>
        <ForEverybody slug={slug} />
        <p>
          {say('files')}: <FileLinks slug={slug} />
        </p>
        <p>
          <a href={documentPath(`/dcat/dataset/${slug}`)}>{say('record')}</a> ·{' '}
          <a href={documentPath('/dcat/catalog')}>{say('catalogue')}</a>
        </p>
      </>
    )}
    <p>
      <a href={addressOf(['data', 'datasets'])}>{say('data.datasets')}</a>
    </p>
  </section>
);

/** Asks for the record without a key. */
async function isForEverybody(slug: string): Promise<boolean> {
  const answer = await fetch(documentPath(`/dcat/dataset/${slug}.ttl`), { credentials: 'omit', cache: 'no-store' });
  return answer.ok;
}

function ForEverybody({ slug }: { readonly slug: string }) {
  const loading = useLoad(() => isForEverybody(slug), [slug]);
  return <Shown of={loading}>{(isOpen) => <p>{say(isOpen ? 'everybodyGetsIt' : 'nobodyGetsIt')}</p>}</Shown>;
}
