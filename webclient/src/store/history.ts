import type { ConversationMark, Marker, Message } from './model';

/** The newest messages and the marks that a start shows. */
export interface Recent {
  messages: Message[];
  marks: ConversationMark[];
  marker: Marker | null;
}

/** What is stored at once. */
export interface Changes {
  messages: Message[];
  marks: ConversationMark[];
  marker?: Marker | null;
}

/** Where messages are kept: what was seen once is there at once after a reload. */
export interface History {
  recent(limit: number): Promise<Recent>;
  before(peer: string, at: number, limit: number): Promise<Message[]>;
  save(changes: Changes): Promise<void>;
  remove(peer: string): Promise<void>;
  close(): void;
}

type Stored = Message & { key: string };

const farFuture = Number.MAX_SAFE_INTEGER;
const markerKey = 'marker';

/** One database per account, in IndexedDB. */
export class LocalHistory implements History {
  private constructor(private db: IDBDatabase) {}

  static async open(account: string): Promise<LocalHistory> {
    const request = indexedDB.open(name(account), 2);
    request.onupgradeneeded = (e) => upgrade(request.result, e.oldVersion);
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
    const tx = this.db.transaction(['messages', 'marks', 'sync']);
    const newest = newestFirst(tx.objectStore('messages').index('at'), null, limit);
    const marks = result<ConversationMark[]>(tx.objectStore('marks').getAll());
    const marker = result<Marker | undefined>(tx.objectStore('sync').get(markerKey));
    return { messages: (await newest).reverse(), marks: await marks, marker: (await marker) ?? null };
  }

  async before(peer: string, at: number, limit: number): Promise<Message[]> {
    const index = this.db.transaction('messages').objectStore('messages').index('peer');
    // Inclusive: several messages may share the millisecond; doubles are dropped later.
    const range = IDBKeyRange.bound([peer, 0], [peer, Math.min(at, farFuture)]);
    return (await newestFirst(index, range, limit)).reverse();
  }

  async save({ messages, marks, marker }: Changes): Promise<void> {
    const tx = this.db.transaction(['messages', 'marks', 'sync'], 'readwrite', { durability: 'strict' });
    for (const m of messages) tx.objectStore('messages').put({ ...m, key: key(m) } satisfies Stored);
    for (const mark of marks) tx.objectStore('marks').put(mark);
    if (marker) tx.objectStore('sync').put(marker, markerKey);
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

function upgrade(db: IDBDatabase, from: number): void {
  if (from < 1) {
    const messages = db.createObjectStore('messages', { keyPath: 'key' });
    messages.createIndex('at', 'at');
    messages.createIndex('peer', ['peer', 'at']);
    db.createObjectStore('marks', { keyPath: 'peer' });
  }
  db.createObjectStore('sync');
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
