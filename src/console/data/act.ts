/** Does something for a person, and holds how it went. */
import { type Signal, useSignal } from '@preact/signals';

export interface Action {
  /** Why the last attempt failed; empty when it did not. */
  readonly problem: Signal<string>;
  readonly isDone: Signal<boolean>;
  readonly run: (act: () => Promise<unknown>) => void;
}

/** `onDone` is called after each success. */
export function useAction(onDone?: () => void): Action {
  const problem = useSignal('');
  const isDone = useSignal(false);
  const run = (act: () => Promise<unknown>): void => {
    problem.value = '';
    isDone.value = false;
    act().then(
      () => {
        isDone.value = true;
        onDone?.();
      },
      (error: unknown) => {
        problem.value = error instanceof Error ? error.message : String(error);
      },
    );
  };
  return { problem, isDone, run };
}
