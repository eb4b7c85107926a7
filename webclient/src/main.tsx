import { effect } from '@preact/signals';
import { render } from 'preact';
import './styles/tokens.css';
import './styles/base.css';
import './styles/door.css';
import './styles/shell.css';
import './styles/chat.css';
import './styles/panels.css';
import { fetchConfig } from './lib/config';
import { follow, route } from './lib/router';
import { App } from './store/app';
import { followTheme } from './store/settings';
import { AppContext } from './views/context';
import { Login } from './views/Login';
import { notify } from './views/notify';
import { Shell } from './views/Shell';

function Page({ app }: { app: App }) {
  return (
    <AppContext.Provider value={app}>{app.phase.value === 'in' ? <Shell /> : <Login />}</AppContext.Provider>
  );
}

function watching(peer: string): boolean {
  const at = route.value;
  return document.hasFocus() && at.name === 'chat' && at.jid === peer;
}

async function main(): Promise<void> {
  const root = document.getElementById('app') as HTMLElement;
  followTheme(document.documentElement);
  follow();
  try {
    const app = new App(await fetchConfig(), { watching, notify });
    await app.restore();
    render(<Page app={app} />, root);
    effect(() => {
      const n = app.unread.value;
      document.title = n > 0 ? `(${n}) Parley` : 'Parley';
    });
    addEventListener('pagehide', () => app.hide());
    addEventListener('pageshow', (e) => e.persisted && app.show());
  } catch (err) {
    console.error('parley: could not start', err);
    render(<Broken />, root);
  }
}

function Broken() {
  return (
    <main class="door">
      <div class="door-card" role="alert">
        <h1>The server cannot be reached</h1>
        <p>Check your connection, then try again.</p>
        <button type="button" class="primary wide" onClick={() => location.reload()}>Try again</button>
      </div>
    </main>
  );
}

void main();
