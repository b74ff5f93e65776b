import { PurgeError } from './errors.js';
import type { DatasetFiles } from './protocol.js';
import type { StoredEvaluations } from './types/index.js';

/** The file as `purge scores` writes it: gzip, unless a server has unpacked it on its way. */
interface StoredFile extends StoredEvaluations {
  /** SHA-256 of the network's file, and of the packed data without their gzip. */
  network: string;
  dataset: string;
}

/** A dataset is hashed once: its files do not change. */
const hashes = new WeakMap<DatasetFiles, Promise<string>>();

/**
 * The evaluations in a file, if they are of this network and these data; undefined where they are not or nobody can tell.
 *
 * @throws PurgeError `bad-config` for a file of another kind.
 */
export async function storedOf(
  file: Blob,
  network: Blob | undefined,
  dataset: DatasetFiles | undefined,
): Promise<StoredEvaluations | undefined> {
  const stored = await parsed(file);
  const packed = dataset?.kind === 'packed' ? dataset.files[0] : undefined;
  // Browsers hash only where the page came over HTTPS or from this computer.
  if (!network || !dataset || !packed || !globalThis.crypto?.subtle) return undefined;
  if ((await sha256(await network.arrayBuffer())) !== stored.network) return undefined;
  const hash = hashes.get(dataset) ?? unpacked(packed.blob).then(sha256);
  hashes.set(dataset, hash);
  if ((await hash) !== stored.dataset) return undefined;
  return { device: stored.device, evaluations: stored.evaluations };
}

async function parsed(file: Blob): Promise<StoredFile> {
  try {
    const stored = JSON.parse(new TextDecoder().decode(await unpacked(file))) as Partial<StoredFile> | null;
    if (stored?.network && stored.dataset && stored.device && Array.isArray(stored.evaluations)) {
      return stored as StoredFile;
    }
  } catch {
    // Told below.
  }
  throw new PurgeError(
    'bad-config',
    'file: expected evaluations that `purge scores` has written, found something else',
  );
}

async function unpacked(file: Blob): Promise<ArrayBuffer> {
  const [a, b] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (a !== 0x1f || b !== 0x8b) return file.arrayBuffer();
  return new Response(file.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
