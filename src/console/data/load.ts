/** Loads something for a view: while it loads, when it is there, and when it failed. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { credential, tenant } from './session.ts';

type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'failed'; readonly reason: string };

export interface Loading<T> {
  readonly result: Signal<Loaded<T>>;
  readonly reload: () => void;
}

/** Loads when the view appears, and again when one of `dependencies` or the caller changes. A later answer replaces an earlier one. */
export function useLoad<T>(load: () => Promise<T>, dependencies: readonly unknown[]): Loading<T> {
  const result = useSignal<Loaded<T>>({ state: 'loading' });
  const attempt = useSignal(0);
  useEffect(() => {
    let isCurrent = true;
    load().then(
      (value) => {
        if (isCurrent) result.value = { state: 'ready', value };
      },
      (error: unknown) => {
        if (isCurrent)
          result.value = { state: 'failed', reason: error instanceof Error ? error.message : String(error) };
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [...dependencies, attempt.value, credential.value, tenant.value]);
  return {
    result,
    reload: () => {
      attempt.value += 1;
    },
  };
}
