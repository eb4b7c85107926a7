import { useState } from 'preact/hooks';
import { back, go } from '../lib/router';
import { clean } from '../xmpp/dom';
import * as Jid from '../xmpp/jid';
import { useApp } from './context';
import { Dialog, Field, Problem } from './parts';

/** Finds a person by address: put on the list, or just write to them. */
export function AddContact({ jid }: { jid: string }) {
  const app = useApp();
  const [address, setAddress] = useState(jid);
  const [name, setName] = useState('');
  const [note, setNote] = useState('');
  const [wrong, setWrong] = useState('');
  const [busy, setBusy] = useState(false);
  const close = () => back({ name: 'home' });

  const read = (): string | null => {
    const who = Jid.parseTyped(address, app.config.domain);
    const problem = 'error' in who ? who.error : who.jid === app.account.value ? 'That is your own address.' : '';
    setWrong(problem);
    return problem || 'error' in who ? null : who.jid;
  };
  const add = async (e: Event) => {
    e.preventDefault();
    const who = read();
    if (!who || busy) return;
    setBusy(true);
    try {
      await app.contacts.add(who, clean(name).trim(), clean(note).trim());
      go({ name: 'chat', jid: who, details: false }, true);
    } catch (err) {
      setWrong((err as Error).message);
    } finally {
      setBusy(false);
    }
  };
  const write = () => {
    const who = read();
    if (who) go({ name: 'chat', jid: who, details: false }, true);
  };

  return (
    <Dialog title="Add a contact" onClose={close}>
      <form onSubmit={(e) => void add(e)} noValidate>
        <Problem text={wrong} />
        <Field label="Name or address">
          <span class="with-suffix">
            <input
              type="text"
              value={address}
              onInput={(e) => setAddress(e.currentTarget.value)}
              autocapitalize="none"
              spellcheck={false}
              autofocus
              placeholder="ana"
            />
            {!address.includes('@') && <span class="suffix" aria-hidden="true">@{app.config.domain}</span>}
          </span>
        </Field>
        <Field label="Name on your list (optional)">
          <input type="text" value={name} maxLength={100} onInput={(e) => setName(e.currentTarget.value)} />
        </Field>
        <Field label="A line to introduce yourself (optional)">
          <input type="text" value={note} maxLength={300} onInput={(e) => setNote(e.currentTarget.value)} />
        </Field>
        <p class="field-hint">They are asked whether you may see each other’s presence. You can write to them right away.</p>
        <div class="actions">
          <button type="button" onClick={write}>Just write</button>
          <button type="submit" class="primary" disabled={busy}>{busy ? 'Adding…' : 'Add contact'}</button>
        </div>
      </form>
    </Dialog>
  );
}
