/** Holds how far an import is that runs, wherever the person is in the console, and keeps the page from being closed meanwhile. */
import { effect, signal } from '@preact/signals';

interface ImportProgress {
  readonly rows: number;
  readonly total: number;
}

/** Undefined: none runs. */
export const importProgress = signal<ImportProgress | undefined>(undefined);

/** Browsers then ask whether the page is to be left. */
const askBefore = (event: Event): void => event.preventDefault();

effect(() => {
  if (importProgress.value) window.addEventListener('beforeunload', askBefore);
  else window.removeEventListener('beforeunload', askBefore);
});
