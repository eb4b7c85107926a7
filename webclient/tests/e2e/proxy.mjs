/* A TCP proxy in front of the server that a test can cut, silence and restore. */
import net from 'node:net';

export class CutProxy {
  #server;
  #pairs = new Set();
  #refuse = false;

  static async start(target) {
    const proxy = new CutProxy();
    proxy.#server = net.createServer((client) => proxy.#accept(client, target));
    await new Promise((done) => proxy.#server.listen(0, '127.0.0.1', done));
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Ends every connection now and refuses new ones until restore. */
  cut() {
    this.#refuse = true;
    for (const pair of this.#pairs) pair.forEach((s) => s.destroy());
  }

  /** Keeps connections open but lets no byte through: a black hole. */
  swallow() {
    for (const [a, b] of this.#pairs) {
      a.unpipe(b);
      b.unpipe(a);
      a.resume();
      b.resume();
    }
  }

  restore() {
    this.#refuse = false;
  }

  close() {
    this.cut();
    this.#server.close();
  }

  #accept(client, target) {
    if (this.#refuse) return client.destroy();
    const server = net.connect(Number(target.port), target.hostname);
    const pair = [client, server];
    this.#pairs.add(pair);
    client.pipe(server).pipe(client);
    for (const socket of pair) {
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        pair.forEach((s) => s.destroy());
        this.#pairs.delete(pair);
      });
    }
  }
}
