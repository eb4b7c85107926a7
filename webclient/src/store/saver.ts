import type { Changes, History } from './history';
import type { ConversationMark, Marker, Message } from './model';

/**
 * Writes changes to the history in their order. All that comes up while one
 * write is under way goes out together with the next.
 */
export class Saver {
  private messages = new Map<string, Message>();
  private marks = new Map<string, ConversationMark>();
  private marker: Marker | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private next: Promise<unknown> | null = null;

  constructor(private history: History) {}

  /** Kept when these changes are on disk, or cannot be. */
  save(changes: Changes): Promise<unknown> {
    for (const m of changes.messages) this.messages.set(`${m.mine} ${m.peer} ${m.id}`, m);
    for (const mark of changes.marks) this.marks.set(mark.peer, mark);
    this.marker = changes.marker ?? this.marker;
    this.next ??= this.last = this.last.then(() => this.write());
    return this.next;
  }

  /** Kept when everything so far is on disk. */
  get idle(): Promise<unknown> {
    return this.next ?? this.last;
  }

  private async write(): Promise<void> {
    const changes = { messages: [...this.messages.values()], marks: [...this.marks.values()], marker: this.marker };
    this.messages.clear();
    this.marks.clear();
    this.marker = this.next = null;
    try {
      await this.history.save(changes);
    } catch (err) {
      // A full or forbidden database must not stop the conversation.
      console.warn('parley: history could not be stored', err);
    }
  }
}
