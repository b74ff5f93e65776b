import { PurgeError } from 'purge-unlearning';

/** Called with the bytes so far and, where the server says, how many there will be. */
export type OnBytes = (loaded: number, total?: number) => void;

const kept = new Map<string, Promise<File | undefined>>();

/**
 * A file beside the page, kept in memory so that the page goes on without a network.
 *
 * @param keep False for files too large to hold twice.
 * @returns undefined where the server has no such file.
 * @throws PurgeError `network` when it cannot be reached.
 */
export function fetchFile(path: string, onBytes: OnBytes = () => undefined, keep = true): Promise<File | undefined> {
  const known = kept.get(path);
  if (known) return known;
  const fetching = download(path, onBytes);
  if (keep) {
    kept.set(path, fetching);
    const forget = () => kept.delete(path);
    fetching.then((file) => file ?? forget(), forget);
  }
  return fetching;
}

async function download(path: string, onBytes: OnBytes): Promise<File | undefined> {
  try {
    const response = await fetch(new URL(path, document.baseURI));
    // A server with a catch-all page answers 200 for what it does not have.
    if (response.status === 404 || /^text\/html/i.test(response.headers.get('content-type') ?? '')) return undefined;
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    const length = response.headers.has('content-encoding') ? null : response.headers.get('content-length');
    const total = length === null ? undefined : Number(length);
    const reader = response.body.getReader();
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let loaded = 0;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      chunks.push(value);
      loaded += value.byteLength;
      onBytes(loaded, total);
    }
    return new File(chunks, path.slice(path.lastIndexOf('/') + 1));
  } catch (error) {
    throw new PurgeError(
      'network',
      `${path} could not be fetched (${error instanceof Error ? error.message : String(error)}).`,
    );
  }
}
