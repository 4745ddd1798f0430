/** Asks for a key, when somebody wants to sign in or the broker needs to know who asks. */
import { signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { apiPath, send } from '../data/api.ts';
import { credential, needsKey } from '../data/session.ts';
import { inputTo } from './parts.tsx';
import { say } from '../words/words.ts';

export const isSignInOpen = signal(false);

export function SignInDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = isSignInOpen.value || needsKey.value;
  useEffect(() => {
    if (isOpen && dialog.current?.open === false) dialog.current.showModal();
    if (!isOpen) dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} aria-labelledby="sign-in-title" onClose={close}>
      {isOpen && <Form />}
    </dialog>
  );
}

function close(): void {
  isSignInOpen.value = false;
  needsKey.value = false;
}

/** Why somebody cannot sign in with a key; undefined when they can. Keys are characters that a header may have. */
async function problemWith(key: string): Promise<string | undefined> {
  if (!/^[\x21-\x7e]+$/.test(key)) return say('keyRefused');
  try {
    const { status } = await send(apiPath('/access/explain', { operation: 'read' }), {
      headers: { Authorization: `Bearer ${key}` },
    });
    return status === 401 ? say('keyRefused') : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function Form() {
  const key = useSignal('');
  const problem = useSignal('');
  const signIn = async (): Promise<void> => {
    problem.value = (await problemWith(key.value.trim())) ?? '';
    if (problem.value !== '') return;
    credential.value = key.value.trim();
    close();
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    void signIn();
  };
  return (
    <form onSubmit={submit}>
      <h2 id="sign-in-title">{say('signIn')}</h2>
      {needsKey.value && <p>{say('keyNeeded')}</p>}
      <label class="choice">
        <span>{say('key')}</span>
        <input type="password" autocomplete="off" required value={key.value} onInput={inputTo(key)} />
      </label>
      <p class="faint">{say('keyHint')}</p>
      {problem.value !== '' && <Refused reason={problem.value} />}
      <p class="bar">
        <button type="submit">{say('signIn')}</button>
        <button type="button" class="quiet" onClick={close}>
          {say('cancel')}
        </button>
      </p>
    </form>
  );
}

const Refused = ({ reason }: { readonly reason: string }) => (
  <p class="failure" role="alert">
    {reason}
  </p>
);
