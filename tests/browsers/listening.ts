import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

declare global {
  /** What went wrong on the page so far. */
  var problemsHeard: string[];
}

export interface ListeningServer {
  url: string;
  close(): void;
}

/**
 * Serves what another server does, with a script at the head of every page that notes uncaught errors and console errors.
 * For a browser whose driver tells nothing of them. It hears the page's own thread, not its workers.
 */
export async function listenIn(origin: string): Promise<ListeningServer> {
  const server = createServer((request, response) => {
    forward(`${origin}${request.url}`).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, 'localhost', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function forward(url: string) {
  const response = await fetch(url);
  const { status } = response;
  const type = response.headers.get('content-type') ?? 'application/octet-stream';
  if (!type.startsWith('text/html')) return { status, type, body: new Uint8Array(await response.arrayBuffer()) };
  // Behind the charset, which must be among a page's first bytes, and before every script.
  const page = await response.text();
  const body = page.replace(/<meta charset[^>]*>/, `$&<script>(${listen})()</script>`);
  if (body === page) throw new Error(`${url}: expected a page with <meta charset>, found ${page.slice(0, 200)}`);
  return { status, type, body };
}

/** Runs in the page. */
function listen() {
  globalThis.problemsHeard = [];
  const { error } = console;
  console.error = (...words) => {
    problemsHeard.push(`console error: ${words.join(' ')}`);
    error.apply(console, words);
  };
  addEventListener(
    'error',
    (event) => {
      const { target } = event;
      const what = target instanceof Element ? `not loaded: ${target.outerHTML}` : `uncaught: ${event.message}`;
      problemsHeard.push(what);
    },
    { capture: true },
  );
  addEventListener('unhandledrejection', ({ reason }) => problemsHeard.push(`uncaught: ${reason}`));
}
