import { useEffect, useState } from 'preact/hooks';
import { go, route } from '../lib/router';
import { RegisterError } from '../xmpp/register';
import * as Jid from '../xmpp/jid';
import { useApp } from './context';
import { Field, Problem } from './parts';

/** The door: one card to log in or to create an account. */
export function Login() {
  const app = useApp();
  const mayRegister = app.config.registration === 'open';
  const creating = mayRegister && route.value.name === 'register';
  return (
    <main class="door">
      <div class="door-card">
        <img class="door-logo" src="./icon.svg" alt="" width={56} height={56} />
        <h1>{creating ? 'Create your account' : 'Welcome to Parley'}</h1>
        <p class="door-host">{app.config.domain}</p>
        {mayRegister && (
          <nav class="segments" aria-label="Log in or create an account">
            <a href="#/" aria-current={creating ? undefined : 'page'}>Log in</a>
            <a href="#/register" aria-current={creating ? 'page' : undefined}>Create account</a>
          </nav>
        )}
        <DoorForm key={String(creating)} creating={creating} />
        {app.config.demo && !creating && (
          <p class="door-note">
            Just trying it? The demo users <b>alice</b> and <b>bob</b> exist; the server printed their passwords when it
            started.
          </p>
        )}
      </div>
    </main>
  );
}

function DoorForm({ creating }: { creating: boolean }) {
  const app = useApp();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  const [stay, setStay] = useState(true);
  const [own, setOwn] = useState('');
  const [making, setMaking] = useState(false);
  const busy = making || app.phase.value === 'entering';

  useEffect(() => {
    if (creating) app.dismiss();
  }, []);

  async function submit(e: Event): Promise<void> {
    e.preventDefault();
    if (busy) return;
    const who = Jid.parseTyped(name, app.config.domain);
    const wrong = 'error' in who ? who.error : checkPassword(password, creating);
    setOwn(wrong);
    if (wrong || 'error' in who) return;
    if (!creating) return app.login(who.jid, password, stay);
    setMaking(true);
    try {
      await app.register(who.jid, password, stay);
      go({ name: 'home' }, true);
    } catch (err) {
      setOwn(err instanceof RegisterError ? err.message : 'The account could not be created.');
    } finally {
      setMaking(false);
    }
  }

  return (
    <form onSubmit={(e) => void submit(e)} noValidate>
      <Problem text={own || (busy ? '' : app.problem.value)} />
      <Field label={creating ? 'Choose a name' : 'Name'}>
        <span class="with-suffix">
          <input
            type="text"
            name="username"
            value={name}
            onInput={(e) => setName(e.currentTarget.value)}
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            autofocus
            required
          />
          {!name.includes('@') && <span class="suffix" aria-hidden="true">@{app.config.domain}</span>}
        </span>
      </Field>
      <Field label="Password" {...(creating ? { hint: 'At least 8 characters. A few words are easy to remember.' } : {})}>
        <span class="with-suffix">
          <input
            type={shown ? 'text' : 'password'}
            name="password"
            value={password}
            onInput={(e) => setPassword(e.currentTarget.value)}
            autocomplete={creating ? 'new-password' : 'current-password'}
            required
          />
          <button type="button" class="quiet" aria-pressed={shown} aria-label="Show the password" onClick={() => setShown(!shown)}>
            {shown ? 'Hide' : 'Show'}
          </button>
        </span>
      </Field>
      <label class="check">
        <input type="checkbox" checked={stay} onChange={(e) => setStay(e.currentTarget.checked)} />
        <span>Stay signed in on this device</span>
      </label>
      <button type="submit" class="primary wide" aria-busy={busy} disabled={busy}>
        {busy ? (creating ? 'Creating…' : 'Logging in…') : creating ? 'Create account' : 'Log in'}
      </button>
    </form>
  );
}

function checkPassword(password: string, creating: boolean): string {
  if (password === '') return 'Enter your password.';
  if (creating && [...password].length < 8) return 'Choose a password of at least 8 characters.';
  return '';
}
