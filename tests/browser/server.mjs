// Serves the built page at /, the built package at /pkg/ and the tests' own page at /tests/: server.mjs PORT
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders = { '/pkg/': 'pkg', '/tests/': 'tests/browser', '/': 'www/dist' };
const types = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

createServer((request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname;
  const [prefix, folder] = Object.entries(folders).find(([start]) => path.startsWith(start));
  const file = join(root, folder, path.endsWith('/') ? 'index.html' : decodeURIComponent(path.slice(prefix.length)));
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) return response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
  response.writeHead(200, {
    'content-type': types[extname(file)] ?? 'application/octet-stream',
    'content-length': found.size,
  });
  createReadStream(file).pipe(response);
}).listen(Number(process.argv[2]), 'localhost');
