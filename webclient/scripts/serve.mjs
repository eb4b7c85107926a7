/*
 * Serves dist with the page's policy and passes WebSockets on to another XMPP
 * server: for trying the page against Prosody or ejabberd.
 *
 *   UPSTREAM=http://127.0.0.1:15280 PORT=5290 node scripts/serve.mjs
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { extname, join, normalize } from 'node:path';

const upstream = new URL(process.env.UPSTREAM ?? 'http://127.0.0.1:5280');
const port = Number(process.env.PORT ?? 5290);
const dist = new URL('../dist', import.meta.url).pathname;
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const config = {
  domain: process.env.DOMAIN ?? 'localhost',
  websocketPath: '/xmpp-websocket',
  registration: process.env.REGISTRATION ?? 'open',
  version: 'dev',
  demo: true,
};

const server = http.createServer((req, res) => {
  const path = normalize(decodeURIComponent(new URL(req.url, 'http://x').pathname));
  const host = req.headers.host;
  res.setHeader(
    'Content-Security-Policy',
    `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws://${host} wss://${host}; base-uri 'none'; form-action 'self'`,
  );
  if (path === '/config.json') {
    res.setHeader('Content-Type', 'application/json');
    return res.end(JSON.stringify(config));
  }
  const file = join(dist, path.endsWith('/') ? `${path}index.html` : path);
  if (!existsSync(file) || !statSync(file).isFile()) {
    res.statusCode = 404;
    return res.end('not found');
  }
  res.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream');
  createReadStream(file).pipe(res);
});

server.on('upgrade', (req, socket, head) => {
  const to = net.connect(Number(upstream.port), upstream.hostname, () => {
    const lines = [`GET ${req.url} HTTP/1.1`];
    for (let i = 0; i < req.rawHeaders.length; i += 2) lines.push(`${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}`);
    to.write(`${lines.join('\r\n')}\r\n\r\n`);
    to.write(head);
    to.pipe(socket).pipe(to);
  });
  to.on('error', () => socket.destroy());
  socket.on('error', () => to.destroy());
});

server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/ → ${upstream.href}`));
