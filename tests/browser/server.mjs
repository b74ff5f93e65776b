// server.mjs PORT [FOLDER]: serves the built page at /, the built package at /pkg/, the tests' own page at /tests/ and FOLDER at
// /more/. One port further, as another origin that any page may use, it serves what is published of the package, as a CDN would.
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [port, more] = [Number(process.argv[2]), process.argv[3]];
const types = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** As many workers as WORKERS says are what a page has that does not ask: it is told of one core more, where that is not two. */
const workers = process.env.WORKERS;
const told = workers === '1' ? 1 : Number(workers) + 1;
const cores = `Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => ${told} });`;

/** Serves folders by the prefix of their address, the longest first. */
function serve(folders, headers, port) {
  createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    const [prefix, folder] = Object.entries(folders).find(([start]) => path.startsWith(start)) ?? [];
    const name = path.endsWith('/') ? 'index.html' : decodeURIComponent(path.slice(prefix?.length));
    const file = folder && join(resolve(root, folder), name);
    const found = file && statSync(file, { throwIfNoEntry: false });
    if (!found?.isFile()) return response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
    if (workers && extname(file) === '.html') {
      const page = readFileSync(file, 'utf8').replace(/<meta charset[^>]*>/, `$&<script>${cores}</script>`);
      return response.writeHead(200, { 'content-type': types['.html'], ...headers }).end(page);
    }
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-length': found.size,
      ...headers,
    });
    createReadStream(file).pipe(response);
  }).listen(port, 'localhost');
}

serve({ ...(more && { '/more/': more }), '/pkg/': 'pkg', '/tests/': 'tests/browser', '/': 'www/dist' }, {}, port);

const published = { '/pkg/lib/': 'pkg/lib', '/pkg/dist/': 'pkg/dist', '/pkg/assets/': 'pkg/assets' };
serve(published, { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }, port + 1);
