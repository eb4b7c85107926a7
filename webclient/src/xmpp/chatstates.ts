import { $msg } from 'strophe.js';
import type { Builder } from 'strophe.js';
import { NS } from './ns';

/** XEP-0085: what the other side is doing in this chat. */
export type ChatState = 'active' | 'composing' | 'paused' | 'inactive' | 'gone';

const states: readonly string[] = ['active', 'composing', 'paused', 'inactive', 'gone'];

/** Reads the chat state of a message. */
export function readState(el: Element): ChatState | null {
  for (const c of el.children) {
    if (c.namespaceURI === NS.chatStates && states.includes(c.localName)) return c.localName as ChatState;
  }
  return null;
}

/** A message that carries nothing but a state (XEP-0085 §5.5); not stored for later. */
export function stateMessage(to: string, state: ChatState): Builder {
  return $msg({ to, type: 'chat' })
    .c(state, { xmlns: NS.chatStates })
    .up()
    .c('no-store', { xmlns: 'urn:xmpp:hints' });
}

/** After this long without a key press, composing becomes paused. */
export const pauseAfter = 5_000;

/**
 * Turns key presses into states for one chat: composing once at the start,
 * paused when the fingers rest, active when the text is cleared.
 */
export class TypingNotifier {
  private current: ChatState = 'active';
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private send: (state: ChatState) => void) {}

  typed(text: string): void {
    clearTimeout(this.timer);
    if (text === '') return this.become('active');
    this.become('composing');
    this.timer = setTimeout(() => this.become('paused'), pauseAfter);
  }

  /** The message itself says active. */
  sent(): void {
    clearTimeout(this.timer);
    this.current = 'active';
  }

  /** The chat was left: whatever was being typed is no longer. */
  left(): void {
    clearTimeout(this.timer);
    if (this.current === 'composing') this.become('paused');
  }

  private become(state: ChatState): void {
    if (state === this.current) return;
    this.current = state;
    this.send(state);
  }
}
