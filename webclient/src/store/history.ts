import type { ConversationMark, Message } from './model';

/** The newest messages and the marks that a start shows. */
export interface Recent {
  messages: Message[];
  marks: ConversationMark[];
}

/**
 * Where messages are kept. This one is the browser's own database; a server
 * archive will stand behind the same questions.
 */
export interface History {
  recent(limit: number): Promise<Recent>;
  before(peer: string, at: number, limit: number): Promise<Message[]>;
  save(messages: Message[], marks: ConversationMark[]): Promise<void>;
  remove(peer: string): Promise<void>;
  close(): void;
}

type Stored = Message & { key: string };

const farFuture = Number.MAX_SAFE_INTEGER;

/** One database per account, in IndexedDB. */
export class LocalHistory implements History {
  private constructor(private db: IDBDatabase) {}

  static async open(account: string): Promise<LocalHistory> {
    const request = indexedDB.open(name(account), 1);
    request.onupgradeneeded = () => {
      const messages = request.result.createObjectStore('messages', { keyPath: 'key' });
      messages.createIndex('at', 'at');
      messages.createIndex('peer', ['peer', 'at']);
      request.result.createObjectStore('marks', { keyPath: 'peer' });
    };
    const db = await result(request);
    // Another tab erases the account: let go, or it would wait for us.
    db.onversionchange = () => db.close();
    return new LocalHistory(db);
  }

  /** Erases everything kept of an account in this browser. */
  static async erase(account: string): Promise<void> {
    await result(indexedDB.deleteDatabase(name(account)));
  }

  async recent(limit: number): Promise<Recent> {
    const tx = this.db.transaction(['messages', 'marks']);
    const newest = newestFirst(tx.objectStore('messages').index('at'), null, limit);
    const marks = result<ConversationMark[]>(tx.objectStore('marks').getAll());
    return { messages: (await newest).reverse(), marks: await marks };
  }

  async before(peer: string, at: number, limit: number): Promise<Message[]> {
    const index = this.db.transaction('messages').objectStore('messages').index('peer');
    // Inclusive: several messages may share the millisecond; doubles are dropped later.
    const range = IDBKeyRange.bound([peer, 0], [peer, Math.min(at, farFuture)]);
    return (await newestFirst(index, range, limit)).reverse();
  }

  async save(messages: Message[], marks: ConversationMark[]): Promise<void> {
    if (messages.length + marks.length === 0) return;
    const tx = this.db.transaction(['messages', 'marks'], 'readwrite', { durability: 'strict' });
    for (const m of messages) tx.objectStore('messages').put({ ...m, key: key(m) } satisfies Stored);
    for (const mark of marks) tx.objectStore('marks').put(mark);
    await done(tx);
  }

  async remove(peer: string): Promise<void> {
    const tx = this.db.transaction(['messages', 'marks'], 'readwrite');
    const messages = tx.objectStore('messages');
    const keys = await result(messages.index('peer').getAllKeys(IDBKeyRange.bound([peer, 0], [peer, farFuture])));
    for (const k of keys) messages.delete(k);
    tx.objectStore('marks').delete(peer);
    await done(tx);
  }

  close(): void {
    this.db.close();
  }
}

function name(account: string): string {
  return `parley ${account}`;
}

function key(m: Message): string {
  return `${m.mine ? 'out' : 'in'} ${m.peer} ${m.id}`;
}

function newestFirst(index: IDBIndex, range: IDBKeyRange | null, limit: number): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    const out: Message[] = [];
    const request = index.openCursor(range, 'prev');
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor || out.length >= limit) return resolve(out);
      const { key: _key, ...message } = cursor.value as Stored;
      out.push(message);
      cursor.continue();
    };
  });
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function done(tx: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onerror = tx.onabort = () => reject(tx.error);
  });
}
