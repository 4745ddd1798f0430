/** Small parts that several views use. */
import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { Action } from '../data/act.ts';
import type { Loading } from '../data/load.ts';
import { say, type Word } from '../words/words.ts';

/** What was loaded, or that it is loading, or why it is not there. */
export function Shown<T>({
  of,
  children,
}: {
  readonly of: Loading<T>;
  readonly children: (value: T) => ComponentChildren;
}) {
  const found = of.result.value;
  if (found.state === 'loading') return <p class="note">{say('loading')}</p>;
  if (found.state === 'failed') return <Failure reason={found.reason} onRetry={of.reload} />;
  return <>{children(found.value)}</>;
}

const Failure = ({ reason, onRetry }: { readonly reason: string; readonly onRetry?: () => void }) => (
  <p class="note failure" role="alert">
    <b>{say('failed')}.</b> {reason}{' '}
    {onRetry && (
      <button type="button" class="quiet" onClick={onRetry}>
        {say('retry')}
      </button>
    )}
  </p>
);

/** Copies a text, and says that it did. */
export function CopyButton({ text, label }: { readonly text: () => string; readonly label: Word }) {
  const isCopied = useSignal(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text());
    isCopied.value = true;
    setTimeout(() => {
      isCopied.value = false;
    }, 1500);
  };
  return (
    <button type="button" class="quiet" onClick={() => void copy()}>
      <span aria-live="polite">{say(isCopied.value ? 'copied' : label)}</span>
    </button>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChoose: (value: string) => void;
}

/** A list to choose from, with its label. */
export const Choice = ({ label, value, options, onChoose }: ChoiceProps) => (
  <label class="choice">
    <span>{label}</span>
    <select value={value} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
      {options.map(([option, text]) => (
        <option key={option} value={option} selected={option === value}>
          {text}
        </option>
      ))}
    </select>
  </label>
);

/** A dot in the colour of a state, with its name for those who do not see it. */
export const LevelDot = ({ level }: { readonly level: 'good' | 'fair' | 'poor' | 'bad' | 'idle' | 'none' }) => (
  <span class={`dot dot-${level}`} role="img" aria-label={say(`level.${level}`)} title={say(`level.${level}`)} />
);

/** Puts what is typed into a signal. */
export const inputTo =
  (text: Signal<string>) =>
  ({ currentTarget }: { readonly currentTarget: HTMLInputElement | HTMLTextAreaElement }): void => {
    text.value = currentTarget.value;
  };

/** Says how an action went. */
export const Outcome = ({ of, done = 'saved' }: { readonly of: Action; readonly done?: Word }) => (
  <span role="status" class={of.problem.value === '' ? 'faint' : 'failure'}>
    {of.problem.value === '' ? of.isDone.value && say(done) : of.problem.value}
  </span>
);
