/** Shows one entity: its attributes with units and ages, their curves, what it is linked to, and its JSON. */
import { computed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { openAlerts } from '../data/alerts.ts';
import { domainOf, levelOf } from '../data/domains.ts';
import { areaOf, type Reading, type Thing, titleOf } from '../data/entity.ts';
import { addThing, isLoaded, isTiled, revision, things } from '../data/live.ts';

import { familyOf, shortId, spacedName } from '../data/names.ts';
import { addressOf, route } from '../data/route.ts';
import { markOf, otherParts } from '../data/quality.ts';
import { isPublicFace, language } from '../data/session.ts';
import { formatAge, formatTimeText } from '../data/times.ts';
import { Icon } from '../view/icon.tsx';
import { CopyButton, LevelDot } from '../view/parts.tsx';
import { textOfReading, Value } from '../view/value.tsx';
import { AlertList, ruleInWords } from '../view/alert-list.tsx';
import { typeName } from '../words/names.ts';
import { say } from '../words/words.ts';
import { AttributePanel } from './attribute-panel.tsx';
import { LinkedFrom } from './linked-from.tsx';
import { RawPanel } from './raw-panel.tsx';
import { TellPanel } from './tell-panel.tsx';

const nameOf = (id: string): string => {
  const thing = things.get(id);
  return thing ? titleOf(thing, language.value) : shortId(id);
};

export function EntityPage({ id }: { readonly id: string }) {
  const thing = computed(() => (revision.value >= 0 ? things.get(id) : undefined)).value;
  const isMissing = isTiled.value && isLoaded.value && thing === undefined;
  // Another sample takes the place of what was here, also of an entity that was read for this page.
  useEffect(() => {
    if (isMissing) void addThing(id);
  }, [id, isMissing]);
  if (!thing) return <p class="note">{say(isLoaded.value ? 'notFound' : 'loading')}</p>;
  return (
    <article class="entity" key={id}>
      <Head thing={thing} />
      <AlertsAbout id={id} />
      <Attributes thing={thing} />
      <LinkedFrom id={id} />
      {!isPublicFace && <TellPanel thing={thing} />}
      <RawPanel thing={thing} />
    </article>
  );
}

function Head({ thing }: { readonly thing: Thing }) {
  const inLanguage = language.value;
  const domain = domainOf(thing);
  const type = thing.types[0] ?? '';
  return (
    <header class="entity-head">
      <a class="button quiet" href={addressOf(['city'], Object.fromEntries(route.value.query))}>
        <Icon name="back" /> {say('back')}
      </a>
      <h1>
        <Icon name={domain} /> {titleOf(thing, inLanguage)}
      </h1>
      <p>
        <LevelDot level={levelOf(thing)} />{' '}
        <span title={type}>{thing.types.map((one) => typeName(one)).join(', ')}</span>
        {familyOf(type) !== undefined && <small class="faint"> {familyOf(type)}</small>}
        {areaOf(thing, inLanguage) !== undefined && <> · {areaOf(thing, inLanguage)}</>}
        {thing.scopes.length > 0 && <> · {thing.scopes.join(', ')}</>}
      </p>
      <p class="id">
        <code>{thing.id}</code> <CopyButton text={() => location.href} label="copyLink" />
      </p>
    </header>
  );
}

/** The open alerts about this entity, and this entity itself when it is one. */
function AlertsAbout({ id }: { readonly id: string }) {
  const alerts = openAlerts.value.filter(({ sourceId, item }) => sourceId === id || item.thing.id === id);
  if (alerts.length === 0) return null;
  return (
    <section class="readings" aria-label={say('openAlerts')}>
      <h2>{say('openAlerts')}</h2>
      <AlertList alerts={alerts} max={alerts.length} />
    </section>
  );
}

/** Measurements first, because they change; what describes the entity last. */
function Attributes({ thing }: { readonly thing: Thing }) {
  const measured = thing.readings.filter(({ observedAt, kind }) => observedAt !== undefined && kind !== 'relationship');
  const links = thing.readings.filter(({ kind }) => kind === 'relationship');
  const described = thing.readings.filter((reading) => !measured.includes(reading) && !links.includes(reading));
  return (
    <>
      <Group thing={thing} title={say('measured')} readings={measured} />
      <Group thing={thing} title={say('relationships')} readings={links} />
      <Group thing={thing} title={say('described')} readings={described} />
    </>
  );
}

interface GroupProps {
  readonly thing: Thing;
  readonly title: string;
  readonly readings: readonly Reading[];
}

function Group({ thing, title, readings }: GroupProps) {
  const open = useSignal<string | undefined>(undefined);
  if (readings.length === 0) return null;
  return (
    <section class="readings" aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {readings.map((reading) => {
          const key = `${reading.name} ${reading.datasetId ?? ''}`;
          const isOpen = open.value === key;
          return (
            <li key={key} class={isOpen ? 'is-open' : ''}>
              <Row reading={reading} isOpen={isOpen} onToggle={() => (open.value = isOpen ? undefined : key)} />
              {isOpen && <AttributePanel thing={thing} reading={reading} />}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly reading: Reading;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function Row({ reading, isOpen, onToggle }: RowProps) {
  const { observedAt, datasetId, kind } = reading;
  const name = spacedName(reading.name);
  return (
    <div class="reading">
      <button type="button" class="reading-name" aria-expanded={isOpen} title={reading.name} onClick={onToggle}>
        {name}
        {datasetId !== undefined && <small> {shortId(datasetId)}</small>}
      </button>
      <span class="reading-value">
        {kind === 'relationship' ? <Value reading={reading} name={nameOf} /> : <b>{textOfReading(reading)}</b>}
        <Parts reading={reading} />
      </span>
      {observedAt !== undefined && (
        <time dateTime={observedAt} title={formatTimeText(observedAt)}>
          {formatAge(Date.parse(observedAt))}
        </time>
      )}
    </div>
  );
}

/** The quality mark of the value, and other attributes of the attribute, such as its accuracy. */
function Parts({ reading }: { readonly reading: Reading }) {
  const mark = markOf(reading);
  const parts = otherParts(reading);
  return (
    <>
      {mark && (
        <small class={`mark mark-${mark.mark}`}>
          {say(`quality.${mark.mark}`)}: {mark.rules.map(ruleInWords).join(', ')}
        </small>
      )}
      {parts.length > 0 && (
        <small class="faint">
          {parts.map((part) => ` ${spacedName(part.name)}: ${textOfReading(part)}`).join(',')}
        </small>
      )}
    </>
  );
}
