import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { TypingNotifier } from '../xmpp/chatstates';
import { clean } from '../xmpp/dom';
import { useApp } from './context';
import { Icon } from './icons';

/** What was typed and not sent, by conversation, while the page lives. */
const drafts = new Map<string, string>();

/** The message field. It stays usable whatever the network does. */
export function Composer({ peer }: { peer: string }) {
  const app = useApp();
  const [text, setText] = useState(drafts.get(peer) ?? '');
  const area = useRef<HTMLTextAreaElement>(null);
  const typing = useRef<TypingNotifier | null>(null);
  typing.current ??= new TypingNotifier((state) => app.chats.sendState(peer, state));

  useEffect(() => {
    if (!touch()) area.current?.focus({ preventScroll: true });
    return () => typing.current?.left();
  }, []);
  useLayoutEffect(() => area.current ? grow(area.current) : undefined, [text]);

  const change = (value: string) => {
    setText(value);
    drafts.set(peer, value);
    typing.current?.typed(value);
  };
  const send = () => {
    const body = clean(text).trim();
    if (body === '') return;
    typing.current?.sent();
    setText('');
    drafts.delete(peer);
    app.chats.left(peer);
    void app.chats.compose(peer, body);
    area.current?.focus();
  };
  return (
    <form class="composer" onSubmit={(e) => (e.preventDefault(), send())}>
      <textarea
        id="composer"
        ref={area}
        rows={1}
        dir="auto"
        value={text}
        placeholder={`Message ${app.contacts.name(peer)}`}
        aria-label={`Message to ${app.contacts.name(peer)}`}
        onInput={(e) => change(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key !== 'Enter' || e.shiftKey || e.isComposing || touch()) return;
          e.preventDefault();
          send();
        }}
      />
      <button type="submit" class="send" aria-label="Send" title="Send (Enter)" disabled={text.trim() === ''}>
        <Icon name="send" />
      </button>
    </form>
  );
}

// On a touch keyboard Enter makes a new line, as everywhere on phones.
function touch(): boolean {
  return matchMedia('(pointer: coarse)').matches;
}

// As high as its text; the sheet sets the limit.
function grow(el: HTMLTextAreaElement): void {
  el.style.height = 'auto';
  el.style.height = `${el.scrollHeight}px`;
}
