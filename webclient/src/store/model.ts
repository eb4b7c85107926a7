/**
 * The life of an own message: waiting (in the outbox), sent (the server has it
 * on disk), received (the other side confirmed it), failed (an error came back).
 */
export type SendState = 'waiting' | 'sent' | 'received' | 'failed';

export interface Message {
  /** Origin-id, else the id in the own archive (XEP-0359); unique together with peer and direction. */
  id: string;
  /** The stanza's own id, where it is another one. */
  ref?: string;
  /** Id in the own archive, where it is known. */
  stanzaId?: string;
  /** Bare JID of the conversation. */
  peer: string;
  mine: boolean;
  body: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Of own messages only. */
  state?: SendState;
  /** Why it failed, for people. */
  error?: string;
  /** The tab that has to send it while it waits. */
  tab?: string;
}

export interface Conversation {
  peer: string;
  /** In order of time; only the loaded part of the history. */
  messages: readonly Message[];
  unread: number;
  /** Id of the message that the New line stands above. */
  newFrom: string | null;
  typing: boolean;
  /** Whether the history has nothing older. */
  complete: boolean;
}

export interface ChatsState {
  readonly conversations: ReadonlyMap<string, Conversation>;
}

/** What is kept of a conversation besides its messages. */
export interface ConversationMark {
  peer: string;
  unread: number;
  newFrom: string | null;
}

/** Up to where the archive is known here: everything until this message is stored. */
export interface Marker {
  id: string;
  at: number;
}

/** Everything that can happen to the conversations, from whatever source. */
export type ChatEvent =
  | { type: 'loaded'; messages: Message[]; marks: ConversationMark[] }
  | { type: 'earlier'; peer: string; messages: Message[]; complete: boolean }
  | { type: 'composed'; message: Message }
  | { type: 'incoming'; message: Message; seen: boolean }
  /** From the archive or sent on another device; fresh, if it came to pass while we were away. */
  | { type: 'archived'; messages: Message[]; fresh: boolean }
  | { type: 'confirmed'; peer: string; ids: string[] }
  | { type: 'received'; peer: string; id: string }
  | { type: 'failed'; peer: string; id: string; error: string }
  | { type: 'retried'; peer: string; id: string; tab: string; at: number }
  | { type: 'adopted'; peer: string; id: string; tab: string }
  | { type: 'typing'; peer: string; on: boolean }
  | { type: 'opened'; peer: string }
  | { type: 'read'; peer: string }
  | { type: 'left'; peer: string }
  | { type: 'removed'; peer: string };

export const emptyChats: ChatsState = { conversations: new Map() };
