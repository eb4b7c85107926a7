import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { grown, newer, older, opening } from '../lib/span';
import type { Span } from '../lib/span';
import { dayName } from '../lib/time';
import type { Message } from '../store/model';
import { keyOf, rows } from '../store/select';
import type { Row } from '../store/select';
import { useApp } from './context';
import { Icon } from './icons';
import { MessageRow } from './MessageRow';
import { Place, toEnd } from './place';

/** How near to either side of what is in the document more is brought. */
const near = 400;

/** The span by the messages at its ends, for their numbers change; no end means up to the last one. */
interface Shown {
  from: string;
  to: string;
}

const nothing: Shown = { from: '', to: '' };

/** What was said, with dividers; follows the end until the reader scrolls away. */
export function Timeline({ peer }: { peer: string }) {
  const app = useApp();
  const c = app.chats.conversation(peer);
  const messages = c?.messages ?? [];
  const newFrom = c?.newFrom ?? null;
  const name = app.contacts.name(peer);
  const [shown, setShown] = useState(nothing);
  const [atEnd, setAtEnd] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const place = useRef<Place | null>(null);
  place.current ??= new Place();
  const span = spanOf(messages, shown, newFrom, place.current.follow);
  const attached = span.end === messages.length;
  const show = (next: Span) => setShown(shownOf(messages, next));
  const now = shownOf(messages, span);
  if (now.from !== shown.from || now.to !== shown.to) setShown(now);

  useLayoutEffect(() => {
    if (box.current) place.current?.settle(box.current, attached);
  });
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return undefined;
    const observer = new ResizeObserver(() => place.current?.follow && toEnd(el));
    observer.observe(el);
    return () => observer.disconnect();
  }, []);

  const latest = () => {
    if (attached) return box.current?.scrollTo({ top: box.current.scrollHeight, behavior: calm() ? 'auto' : 'smooth' });
    if (place.current) place.current.follow = true;
    setShown(nothing);
  };
  // Who writes wants to see it.
  const last = messages.at(-1);
  const written = last?.mine && last.state === 'waiting' ? last.id : '';
  useEffect(() => {
    if (written && !place.current?.follow) latest();
  }, [written]);

  const look = () => {
    const el = box.current;
    if (!el) return;
    if (el.scrollTop < near) void back(el);
    else if (!attached && el.scrollHeight - el.scrollTop - el.clientHeight < near) show(newer(span, messages.length));
  };
  const back = async (el: HTMLElement) => {
    if (span.start > 0) return show(older(span));
    // A list that is not filled grows by itself; else the reader asks by scrolling.
    await app.chats.earlier(peer);
    if (el.scrollTop >= near) return;
    const list = app.chats.conversation(peer)?.messages ?? [];
    const i = indexOf(list, now.from);
    if (i > 0) setShown(shownOf(list, older({ start: i, end: Math.max(i, indexOf(list, now.to)) + 1 })));
  };
  const online = app.link.value === 'online';
  useEffect(() => {
    const el = box.current;
    if (el && online && span.start === 0 && el.scrollHeight <= el.clientHeight + near) void app.chats.earlier(peer);
  }, [now.from, messages.length, online]);

  const onScroll = () => {
    const el = box.current;
    if (!el || !place.current) return;
    place.current.note(el, attached);
    setAtEnd(place.current.follow);
    look();
  };
  return (
    <div class="timeline-frame">
      <div class="timeline" ref={box} onScroll={onScroll} role="log" aria-label="Messages" tabIndex={0}>
        {messages.length === 0 && <p class="timeline-empty">No messages yet. Say hello.</p>}
        {rows(messages.slice(span.start, span.end), newFrom).map((r) => (
          <RowView key={r.key} row={r} name={name} />
        ))}
        {c?.typing && attached && <TypingBubble />}
      </div>
      {!(atEnd && attached) && (
        <button type="button" class="jump" onClick={latest}>
          <Icon name="down" size={18} /> Latest
        </button>
      )}
    </div>
  );
}

function spanOf(messages: readonly Message[], shown: Shown, newFrom: string | null, follow: boolean): Span {
  const start = indexOf(messages, shown.from);
  if (start < 0) return opening(messages.length, newFrom === null ? -1 : messages.findIndex((m) => !m.mine && m.id === newFrom));
  const end = indexOf(messages, shown.to);
  if (end < 0) return grown({ start, end: messages.length }, messages.length, follow);
  return { start, end: end + 1 };
}

function shownOf(messages: readonly Message[], { start, end }: Span): Shown {
  const from = messages[start];
  const to = messages[end - 1];
  return { from: from ? keyOf(from) : '', to: to && end < messages.length ? keyOf(to) : '' };
}

function indexOf(messages: readonly Message[], key: string): number {
  return key === '' ? -1 : messages.findIndex((m) => keyOf(m) === key);
}

function TypingBubble() {
  return (
    <div class="bubble-row theirs first last">
      <span class="bubble dots" aria-hidden="true"><i /><i /><i /></span>
    </div>
  );
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
