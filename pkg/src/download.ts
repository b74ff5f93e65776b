import { PurgeError, isNamed, messageOf } from './errors.js';

/** Called with the bytes so far, and with how many there will be where that is known. */
export type Report = (loaded: number, total?: number) => void;

/**
 * Fetches an address and reports the bytes as the answer is read.
 *
 * @throws PurgeError `network` for an HTTP status other than 2xx, for a web page where a file was expected (what a server
 *   with a catch-all page sends for a missing file), and when the server cannot be reached; `cancelled` on abort.
 */
export async function download(address: string | URL, report: Report, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(address, signal ? { signal } : {}).catch((error: unknown) => {
    throw networkError(address, error);
  });
  if (!response.ok) {
    throw new PurgeError(
      'network',
      `${address}: the server answered ${response.status} ${response.statusText}`.trimEnd(),
    );
  }
  const type = response.headers.get('content-type') ?? '';
  if (/^(text\/html|application\/xhtml)/i.test(type)) {
    throw new PurgeError('network', `${address}: expected a file, found a web page. Is the address right?`);
  }
  // With a content encoding the length is that of the packed bytes, and we count unpacked ones.
  const length = response.headers.has('content-encoding') ? null : response.headers.get('content-length');
  const total = length === null ? undefined : Number(length);
  let loaded = 0;
  report(loaded, total);
  const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      loaded += chunk.byteLength;
      report(loaded, total);
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body?.pipeThrough(counter) ?? null, { headers: { 'content-type': type } });
}

/** What a failed fetch, or a stream that broke off, means. */
export function networkError(address: string | URL, error: unknown): PurgeError {
  if (error instanceof PurgeError) return error;
  if (isNamed(error, 'AbortError')) return new PurgeError('cancelled', `${address}: the download was cancelled.`);
  return new PurgeError('network', `${address}: could not be fetched (${messageOf(error)})`, { cause: error });
}
