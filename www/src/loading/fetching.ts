import { PurgeError } from 'purge-unlearning';

/** Called with the bytes so far and, where the server says, how many there will be. */
export type OnBytes = (loaded: number, total?: number) => void;

export interface FetchOptions {
  onBytes?: OnBytes;
  /** For a file that is too large to be held twice: it is not kept, and `signal` ends its download. */
  large?: { signal: AbortSignal };
}

/**
 * Gets a file beside the page; undefined where the server has no such file.
 *
 * @throws PurgeError `network` when it cannot be reached.
 */
export type FetchFile = (path: string, options?: FetchOptions) => Promise<File | undefined>;

interface Download {
  file: Promise<File | undefined>;
  listeners: Set<OnBytes>;
}

const kept = new Map<string, Download>();

/** Fetches a file once: it is kept in memory, so that the page goes on without a network. */
export const fetchFile: FetchFile = (path, { onBytes, large } = {}) => {
  if (large) return download(path, onBytes ?? (() => undefined), large.signal);
  const known = kept.get(path);
  if (known) {
    if (onBytes) {
      known.listeners.add(onBytes);
      known.file.then(
        (file) => file && onBytes(file.size, file.size),
        () => undefined,
      );
    }
    return known.file;
  }
  const listeners = new Set(onBytes && [onBytes]);
  const file = download(path, (loaded, total) => listeners.forEach((tell) => tell(loaded, total)));
  kept.set(path, { file, listeners });
  const forget = () => kept.delete(path);
  file.then((found) => found ?? forget(), forget);
  return file;
};

async function download(path: string, onBytes: OnBytes, signal?: AbortSignal): Promise<File | undefined> {
  try {
    const response = await fetch(new URL(path, document.baseURI), signal ? { signal } : {});
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
    if (signal?.aborted) throw new PurgeError('cancelled', `${path}: the download was cancelled.`);
    throw new PurgeError(
      'network',
      `${path} could not be fetched (${error instanceof Error ? error.message : String(error)}).`,
    );
  }
}
