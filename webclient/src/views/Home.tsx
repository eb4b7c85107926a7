import { useState } from 'preact/hooks';
import { go } from '../lib/router';
import { settings } from '../store/settings';
import { useApp } from './context';
import { Icon } from './icons';
import { askToNotify, canAskToNotify } from './notify';

/** What the large half shows while no conversation is open: the next steps. */
export function Home() {
  const app = useApp();
  const hasPeople = app.contacts.roster.value.size > 0 || app.chats.state.value.conversations.size > 0;
  return (
    <div class="home">
      <div class="home-art" aria-hidden="true"><Icon name="chat" size={44} /></div>
      <h2>{hasPeople ? 'Pick a conversation' : `Hello, ${app.contacts.name(app.account.value)}`}</h2>
      <p>
        {hasPeople
          ? 'Choose someone on the left, or press Ctrl K to search.'
          : 'There is nobody on your list yet. Find a person, or tell someone your address.'}
      </p>
      <div class="home-steps">
        <button type="button" class={hasPeople ? '' : 'primary'} onClick={() => go({ name: 'add', jid: '' })}>
          <Icon name="addPerson" /> Find a person
        </button>
        <CopyAddress jid={app.account.value} />
        {canAskToNotify() && !settings.notify.value && (
          <button type="button" onClick={() => void askToNotify()}><Icon name="bell" /> Turn on notifications</button>
        )}
      </div>
    </div>
  );
}

function CopyAddress({ jid }: { jid: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard?.writeText(jid).then(() => setCopied(true));
  return (
    <button type="button" onClick={copy}>
      <Icon name={copied ? 'check' : 'person'} /> {copied ? 'Address copied' : 'Copy my address'}
    </button>
  );
}
