/** Holds who is signed in, and the choices of a person. The key stays in this tab of the browser; the choices stay in this browser. */
import { effect, signal } from '@preact/signals';

export type Language = 'sl' | 'en';
export type Theme = 'system' | 'light' | 'dark';

/** The key or token that requests carry; empty: nobody is signed in. */
export const credential = signal(sessionStorage.getItem('mlaka.key') ?? '');
/** The tenant of all requests; empty: the default tenant. */
export const tenant = signal(new URLSearchParams(location.search).get('tenant') ?? '');
/** True when the broker refused a request for want of credentials. */
export const needsKey = signal(false);

/** A link may name the language, such as `/city?lang=sl#/dashboards/mayor`. */
const chosenLanguage =
  new URLSearchParams(location.search).get('lang') ??
  localStorage.getItem('mlaka.language') ??
  navigator.language.slice(0, 2);
export const language = signal<Language>(chosenLanguage === 'sl' ? 'sl' : 'en');

const chosenTheme = localStorage.getItem('mlaka.theme');
export const theme = signal<Theme>(chosenTheme === 'light' || chosenTheme === 'dark' ? chosenTheme : 'system');

/** True on the public page at `/city`, which shows the city and nothing of the broker. */
export const isPublicFace = document.documentElement.dataset['face'] === 'city';

const darkPreferred = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(darkPreferred.matches);
darkPreferred.addEventListener('change', ({ matches }) => {
  systemIsDark.value = matches;
});
export const isDark = (): boolean => (theme.value === 'system' ? systemIsDark.value : theme.value === 'dark');

effect(() => {
  if (credential.value === '') sessionStorage.removeItem('mlaka.key');
  else sessionStorage.setItem('mlaka.key', credential.value);
});
effect(() => {
  localStorage.setItem('mlaka.language', language.value);
  document.documentElement.lang = language.value;
});
effect(() => {
  localStorage.setItem('mlaka.theme', theme.value);
  document.documentElement.dataset['theme'] = isDark() ? 'dark' : 'light';
});

/** The headers that name the tenant and the caller. */
export const callerHeaders = (): Record<string, string> => ({
  ...(tenant.value === '' ? undefined : { 'NGSILD-Tenant': tenant.value }),
  ...(credential.value === '' ? undefined : { Authorization: `Bearer ${credential.value}` }),
});
