/** Asks for a key, when somebody wants to sign in or the broker needs to know who asks. */
import { signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { apiPath } from '../data/api.ts';
import { credential, needsKey, tenant } from '../data/session.ts';
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

/** Whether the broker knows the key. Keys are characters that a header may have. */
async function isValid(key: string): Promise<boolean> {
  if (!/^[\x21-\x7e]+$/.test(key)) return false;
  const headers = {
    Authorization: `Bearer ${key}`,
    ...(tenant.value === '' ? undefined : { 'NGSILD-Tenant': tenant.value }),
  };
  return (await fetch(apiPath('/access/explain', { operation: 'read' }), { headers })).status !== 401;
}

function Form() {
  const key = useSignal('');
  const isRefused = useSignal(false);
  const signIn = async (): Promise<void> => {
    isRefused.value = !(await isValid(key.value.trim()));
    if (isRefused.value) return;
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
      {isRefused.value && <Refused />}
      <p class="bar">
        <button type="submit">{say('signIn')}</button>
        <button type="button" class="quiet" onClick={close}>
          {say('cancel')}
        </button>
      </p>
    </form>
  );
}

const Refused = () => (
  <p class="failure" role="alert">
    {say('keyRefused')}
  </p>
);
