import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Show } from '../xmpp/presence';
import { Icon } from './icons';
import type { IconName } from './icons';

/** What a presence is called. */
export const showNames: Record<Show, string> = {
  available: 'Available',
  chat: 'Free to chat',
  away: 'Away',
  xa: 'Away for long',
  dnd: 'Do not disturb',
  offline: 'Offline',
};

/** First letters on a colour that depends on the address, so it stays the same. */
export function Avatar({ jid, name, show, large }: { jid: string; name: string; show?: Show; large?: boolean }) {
  return (
    <span class={`avatar hue-${hue(jid)}${large ? ' large' : ''}`} aria-hidden="true">
      {initials(name)}
      {show && <span class={`dot ${show}`} />}
    </span>
  );
}

function hue(jid: string): number {
  let h = 7;
  for (const c of jid) h = (h * 31 + (c.codePointAt(0) ?? 0)) % 9973;
  return h % 8;
}

function initials(name: string): string {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const letters = [...(words[0] ?? '?')][0] ?? '?';
  const second = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (letters + second).toUpperCase();
}

interface IconButtonProps {
  icon: IconName;
  label: string;
  onClick(): void;
  class?: string;
  pressed?: boolean;
}

/** A button that shows only an outline; its label is read out and shown as a hint. */
export function IconButton({ icon, label, onClick, class: extra = '', pressed }: IconButtonProps) {
  return (
    <button type="button" class={`icon-button ${extra}`} aria-label={label} title={label} aria-pressed={pressed} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

interface DialogProps {
  title: string;
  onClose(): void;
  children: ComponentChildren;
}

/** A modal dialog: the browser's own, so focus and Escape behave as expected. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const el = ref.current;
    el?.showModal();
    // Closing gives the focus back to where it was.
    return () => el?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      class="dialog"
      aria-labelledby="dialog-title"
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
      onMouseDown={(e) => e.target === ref.current && onClose()}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id="dialog-title">{title}</h2>
          <IconButton icon="close" label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface FieldProps {
  label: string;
  hint?: string;
  children: ComponentChildren;
}

/** A label above its control, with an optional hint below. */
export function Field({ label, hint, children }: FieldProps) {
  return (
    <label class="field">
      <span class="field-label">{label}</span>
      {children}
      {hint && <span class="field-hint">{hint}</span>}
    </label>
  );
}

/** A line that says what went wrong; read out as soon as it appears. */
export function Problem({ text }: { text: string }) {
  return (
    <div role="alert" class={text ? 'problem' : 'problem empty'}>
      {text && (
        <>
          <Icon name="alert" size={18} /> <span>{text}</span>
        </>
      )}
    </div>
  );
}
