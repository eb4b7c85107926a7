import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { dayName } from '../lib/time';
import type { Message } from '../store/model';
import { rows } from '../store/select';
import type { Row } from '../store/select';
import { useApp } from './context';
import { Icon } from './icons';
import { MessageRow } from './MessageRow';

/** How many messages are shown at first, and how many more at the top each time. */
const step = 120;
const nearEnd = 80;
const nearStart = 200;

/** What was said, with dividers; follows the end until the reader scrolls away. */
export function Timeline({ peer }: { peer: string }) {
  const app = useApp();
  const c = app.chats.conversation(peer);
  const messages = c?.messages ?? [];
  const name = app.contacts.name(peer);
  const [from, setFrom] = useState('');
  const [atEnd, setAtEnd] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const place = useRef<Place>({ height: 0, top: 0, follow: true, placed: false, first: '' });
  const start = startOf(messages, from, c?.newFrom ?? null, place.current.follow);
  const first = messages[start]?.id ?? '';
  if (first !== from) setFrom(first);

  useLayoutEffect(() => {
    if (box.current) settle(box.current, place.current, first);
  });
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return undefined;
    const observer = new ResizeObserver(() => place.current.follow && el.scrollTo({ top: el.scrollHeight }));
    observer.observe(el);
    return () => observer.disconnect();
  }, []);

  const onScroll = () => {
    const el = box.current;
    if (!el) return;
    place.current.top = el.scrollTop;
    place.current.follow = el.scrollHeight - el.scrollTop - el.clientHeight < nearEnd;
    setAtEnd(place.current.follow);
    if (el.scrollTop > nearStart || place.current.follow) return;
    void more();
  };
  const more = async () => {
    if (start === 0) await app.chats.earlier(peer);
    const list = app.chats.conversation(peer)?.messages ?? [];
    const i = list.findIndex((m) => m.id === first);
    if (i > 0) setFrom(list[Math.max(0, i - step)]?.id ?? '');
  };
  const toEnd = () => box.current?.scrollTo({ top: box.current.scrollHeight, behavior: calm() ? 'auto' : 'smooth' });

  return (
    <div class="timeline-frame">
      <div class="timeline" ref={box} onScroll={onScroll} role="log" aria-label="Messages" tabIndex={0}>
        {messages.length === 0 && <p class="timeline-empty">No messages yet. Say hello.</p>}
        {rows(messages.slice(start), c?.newFrom ?? null).map((r) => (
          <RowView key={r.key} row={r} name={name} />
        ))}
        {c?.typing && <TypingBubble />}
      </div>
      {!atEnd && (
        <button type="button" class="jump" onClick={toEnd}>
          <Icon name="down" size={18} /> Latest
        </button>
      )}
    </div>
  );
}

function TypingBubble() {
  return (
    <div class="bubble-row theirs first last">
      <span class="bubble dots" aria-hidden="true"><i /><i /><i /></span>
    </div>
  );
}

// The shown part begins at a message, not at a count, so that it does not
// slide under the reader; it is cut again once the reader is back at the end.
function startOf(messages: readonly Message[], from: string, newFrom: string | null, follow: boolean): number {
  const usual = Math.max(0, messages.length - step);
  const i = from === '' ? -1 : messages.findIndex((m) => m.id === from);
  if (i >= 0 && !(follow && messages.length - i > 3 * step)) return i;
  const fresh = newFrom === null ? -1 : messages.findIndex((m) => m.id === newFrom);
  return fresh >= 0 ? Math.max(0, Math.min(usual, fresh - 10)) : usual;
}

interface Place {
  height: number;
  top: number;
  follow: boolean;
  placed: boolean;
  first: string;
}

// Opens at the New line, else at the end; keeps the reader's place when older
// messages appear above; follows the end while the reader is there.
function settle(el: HTMLElement, place: Place, first: string): void {
  const line = el.querySelector<HTMLElement>('.divider.new');
  if (!place.placed && first !== '') {
    place.placed = true;
    if (line) el.scrollTop = line.offsetTop - 60;
    else el.scrollTop = el.scrollHeight;
  } else if (place.follow) {
    el.scrollTop = el.scrollHeight;
  } else if (first !== place.first) {
    el.scrollTop = place.top + el.scrollHeight - place.height;
  }
  place.first = first;
  place.height = el.scrollHeight;
  place.top = el.scrollTop;
  place.follow = el.scrollHeight - el.scrollTop - el.clientHeight < nearEnd;
}

function calm(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

function RowView({ row, name }: { row: Row; name: string }) {
  switch (row.kind) {
    case 'day':
      return <div class="divider" role="separator"><span>{dayName(row.at)}</span></div>;
    case 'new':
      return <div class="divider new" role="separator"><span>New</span></div>;
    case 'message':
      return <MessageRow message={row.message} first={row.first} last={row.last} name={name} />;
  }
}
