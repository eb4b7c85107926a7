import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Client } from '../../src/xmpp/client';
import { Watchdog } from '../../src/xmpp/watchdog';
import { Managed, TestServer } from './server';

/*
 * A real client at a real socket; only the page's clock is ours, so nothing here
 * waits. What the server got is known for sure once it has answered a question
 * that was asked later (Managed.handled), which is a sign of life, too.
 */
let server: TestServer;
let client: Client;
let watchdog: Watchdog;
let session: Managed;
let visibility: DocumentVisibilityState;

beforeEach(async () => {
  visibility = 'visible';
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visibility);
  server = await TestServer.start();
  client = new Client(server.url, { state: () => undefined, ready: () => undefined, stored: () => undefined, refused: () => undefined });
  watchdog = new Watchdog(client);
  client.start({ jid: 'ana@home.org', secret: 'secret' });
  session = await Managed.fresh(await server.peer(), 'sm');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
  watchdog.start();
  await session.handled();
});

afterEach(async () => {
  watchdog.stop();
  client.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
  await server.close();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const asked = () => session.peer.got.filter((m) => m.startsWith('<r ')).length;
const happens = (type: string, target: EventTarget = window) => target.dispatchEvent(new Event(type));

/** Waits for what comes over the socket; time stands still meanwhile. */
async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((done) => setImmediate(done));
}

/** The server's answer arrives. */
async function answer(): Promise<void> {
  const { heard } = client;
  await pass(1);
  await session.ack(0);
  await until(() => client.heard > heard);
}

describe('silence', () => {
  it('is answered with a question after 3.5 s, not before', async () => {
    await pass(3_000);
    await session.handled();
    expect(asked()).toBe(0);
    await pass(4_500);
    await session.handled();
    expect(asked()).toBe(1);
  });

  it('that ends is forgotten', async () => {
    await pass(4_000);
    await answer();
    await pass(5_000);
    expect(client.state).toBe('online');
  });

  it('that goes on is the end of the link in less than ten seconds, and there is a new one', async () => {
    await pass(8_000);
    expect(client.state).toBe('online');
    await pass(2_000);
    const { session: next, previd } = await Managed.resumed(await server.peer(), 0);
    expect(previd).toBe('sm');
    await until(() => client.online);
    await next.handled();
  });

  it('may last for a minute where nobody looks', async () => {
    visibility = 'hidden';
    await pass(59_000);
    await session.handled();
    expect(asked()).toBe(0);
    await pass(61_000);
    await session.handled();
    expect(asked()).toBe(1);
  });

  it('is nothing once nobody watches', async () => {
    watchdog.stop();
    await pass(120_000);
    happens('online');
    await session.handled();
    expect([asked(), client.state]).toEqual([0, 'online']);
  });

  it('that was asked about before the end of watching has no consequence', async () => {
    await pass(4_000);
    watchdog.stop();
    await pass(10_000);
    expect(client.state).toBe('online');
  });
});

describe('a hint that the network changed', () => {
  it.each<[string, () => EventTarget]>([
    ['online', () => window],
    ['offline', () => window],
    ['visibilitychange', () => document],
  ])('by %s is a question at once', async (type, target) => {
    happens(type, target());
    await session.handled();
    expect(asked()).toBe(1);
  });

  it('asks once, until there is an answer', async () => {
    happens('online');
    happens('visibilitychange', document);
    await session.handled();
    expect(asked()).toBe(1);
  });

  it('is no reason where nobody looks', async () => {
    visibility = 'hidden';
    happens('online');
    await session.handled();
    expect(asked()).toBe(0);
  });

  it('ends the wait for the next attempt', async () => {
    session.peer.socket.terminate();
    await until(() => client.state === 'waiting');
    happens('online');
    await Managed.resumed(await server.peer(), 0);
    await until(() => client.online);
  });
});
