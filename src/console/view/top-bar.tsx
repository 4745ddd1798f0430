/** Shows the name of the broker, the state of the connection, the choices of the person, and a warning where access is open. */
import { signal } from '@preact/signals';
import { apiPath, call, send } from '../data/api.ts';
import { importProgress } from '../data/import-progress.ts';
import { parseJson, textOf } from '../data/json.ts';
import { changeCount, linkReason, linkState } from '../data/live.ts';
import { useLoad } from '../data/load.ts';
import { credential, isPublicFace, language, tenant, theme } from '../data/session.ts';
import { say } from '../words/words.ts';
import { Icon } from './icon.tsx';
import { isSignInOpen } from './sign-in.tsx';

const isMenuOpen = signal(false);

export const Head = () => (
  <div class="head">
    <TopBar />
    {!isPublicFace && <OpenAccess />}
  </div>
);

/** Warns where nobody has to sign in to change all data. */
function OpenAccess() {
  const path = apiPath('/access/explain', { operation: 'administer' });
  const answer = useLoad(async () => parseJson((await send(path)).text), []).result.value;
  if (answer.state !== 'ready') return null;
  const isOpen = textOf(answer.value, 'principal') === 'anonymous' && textOf(answer.value, 'allowed') === 'yes';
  if (!isOpen) return null;
  return (
    <p class="open-access" role="status">
      <b>{say('openAccess')}.</b> {say('openAccessMeans')} <a href="/docs/access">{say('openAccessDocs')}</a>
    </p>
  );
}

const TopBar = () => (
  <header class="top">
    <a class="brand" href="#/city">
      <svg viewBox="0 0 48 32" aria-hidden="true">
        <ellipse cx="24" cy="18" rx="22" ry="12" />
        <ellipse class="ring" cx="24" cy="17" rx="14" ry="7" />
        <ellipse class="ring" cx="24" cy="16.5" rx="6" ry="3" />
      </svg>
      Mlaka
    </a>
    <Connection />
    <Import />
    <span class="grow" />
    <button type="button" class="quiet" lang={language.value === 'sl' ? 'en' : 'sl'} onClick={switchLanguage}>
      {say('switchLanguage')}
    </button>
    <div class="pop">
      <button
        type="button"
        class="quiet"
        aria-expanded={isMenuOpen.value}
        aria-label={say('settings')}
        onClick={() => (isMenuOpen.value = !isMenuOpen.value)}
      >
        <Icon name="settings" />
      </button>
      {isMenuOpen.value && <Settings />}
    </div>
  </header>
);

function switchLanguage(): void {
  language.value = language.value === 'sl' ? 'en' : 'sl';
}

const stateWords = {
  open: 'live',
  connecting: 'connecting',
  lost: 'lost',
  refused: 'refused',
  sampled: 'sampled',
} as const;

const Connection = () => (
  <p class={`connection is-${linkState.value}`} role="status" title={linkReason.value}>
    <i /> {say(stateWords[linkState.value])}
    <small class="faint" aria-hidden="true">
      {changeCount.value > 0 && ` +${changeCount.value}`}
    </small>
  </p>
);

/** An import that runs, on every page. */
const Import = () =>
  importProgress.value ? (
    <span role="status">
      <a href="#/data/import">
        {say('import.running')}:{' '}
        {Math.floor((100 * importProgress.value.rows) / Math.max(importProgress.value.total, 1))} %
      </a>
    </span>
  ) : null;

const themes = [
  ['system', 'themeSystem'],
  ['light', 'themeLight'],
  ['dark', 'themeDark'],
] as const;

const Settings = () => (
  <div
    class="pop-panel"
    onKeyDown={({ key }) => {
      if (key === 'Escape') isMenuOpen.value = false;
    }}
  >
    <fieldset>
      <legend>{say('theme')}</legend>
      <div class="segments">
        {themes.map(([name, word]) => (
          <button key={name} type="button" aria-pressed={theme.value === name} onClick={() => (theme.value = name)}>
            {say(word)}
          </button>
        ))}
      </div>
    </fieldset>
    {!isPublicFace && <TenantChoice />}
    <Identity />
  </div>
);

const TenantChoice = () => (
  <label class="choice">
    <span>{say('tenant')}</span>
    <input
      value={tenant.value}
      placeholder={say('defaultTenant')}
      spellcheck={false}
      onChange={({ currentTarget }) => (tenant.value = currentTarget.value.trim())}
    />
  </label>
);

function Identity() {
  const who = useLoad(() => call(apiPath('/access/explain', { operation: 'read' })), []).result.value;
  const principal = who.state === 'ready' ? textOf(who.value, 'principal') : undefined;
  const isSignedIn = credential.value !== '';
  return (
    <div>
      {isSignedIn && principal !== undefined && (
        <p>
          {say('signedInAs')} <b>{principal}</b>
        </p>
      )}
      <button type="button" onClick={isSignedIn ? () => (credential.value = '') : () => (isSignInOpen.value = true)}>
        <Icon name="key" /> {say(isSignedIn ? 'signOut' : 'signIn')}
      </button>
    </div>
  );
}
