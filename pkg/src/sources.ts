import { PurgeError } from './errors.js';
import { download, networkError, type Report } from './download.js';
import type { NamedFile } from './protocol.js';
import type { DatasetSource, Source } from './types.js';

const kinds = "'packed', 'medmnist', 'idx', 'stl10', 'cifar10', 'cifar100' or 'svhn'";

/** A source, and what to call it. */
type Named = readonly [Source, string];

/** What a file is called in messages when it has no name of its own. */
const roleNames = {
  trainImages: 'training images',
  trainLabels: 'training labels',
  testImages: 'test images',
  testLabels: 'test labels',
} as const;

/**
 * The bytes of a source as a blob, with a name for messages. The caller's own buffer is copied, never taken away.
 *
 * @param fallback The name where the source has none.
 * @throws PurgeError `network` as {@link download} does; `bad-config` if it is no source at all.
 */
export async function read(source: Source, fallback: string, report: Report, signal?: AbortSignal): Promise<NamedFile> {
  if (typeof source === 'string' || source instanceof URL) {
    const response = await download(source, report, signal);
    const blob = await response.blob().catch((error: unknown) => {
      throw networkError(source, error);
    });
    return { name: nameOf(source) || fallback, blob };
  }
  const file = local(source, fallback);
  report(file.blob.size, file.blob.size);
  return file;
}

/** The files of a dataset, in the order in which the engine takes them; downloads run side by side. */
export async function readDataset(source: DatasetSource, report: Report, signal?: AbortSignal): Promise<NamedFile[]> {
  switch (source.kind) {
    case 'packed':
    case 'medmnist':
      return [await read(source.file, 'dataset', report, signal)];
    case 'idx':
    case 'stl10': {
      const keys = Object.keys(roleNames) as (keyof typeof roleNames)[];
      return readAll(keys.map((key) => [source[key], roleNames[key]]));
    }
    case 'cifar10':
    case 'cifar100':
    case 'svhn': {
      const train: readonly Source[] = [source.train].flat();
      return readAll([...train.map((file): Named => [file, 'training images']), [source.test, 'test images']]);
    }
    default: {
      const found = JSON.stringify((source as { kind?: unknown }).kind);
      throw new PurgeError('bad-config', `dataset: expected kind ${kinds}, found ${found}`);
    }
  }

  function readAll(files: readonly Named[]): Promise<NamedFile[]> {
    const sum = summed(report, files.length);
    return Promise.all(files.map(([file, name], i) => read(file, name, sum(i), signal)));
  }
}

function local(source: ArrayBuffer | Uint8Array | Blob, fallback: string): NamedFile {
  if (source instanceof Blob) {
    return { name: (source instanceof File && source.name) || fallback, blob: source };
  }
  if (source instanceof ArrayBuffer || source instanceof Uint8Array) {
    return { name: fallback, blob: new Blob([source as ArrayBuffer | Uint8Array<ArrayBuffer>]) };
  }
  throw new PurgeError('bad-config', `${fallback}: expected an address, bytes or a Blob, found ${typeof source}`);
}

function nameOf(address: string | URL): string {
  const path = String(address).replace(/[?#].*$/s, '');
  const last = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Turns the reports of several downloads into one; the total is known once every part's is. */
function summed(report: Report, parts: number): (part: number) => Report {
  const loaded = new Array<number>(parts).fill(0);
  const totals = new Array<number | undefined>(parts).fill(undefined);
  const add = (a: number, b: number) => a + b;
  return (part) => (now, total) => {
    loaded[part] = now;
    totals[part] = total;
    const known = totals.filter((t) => t !== undefined);
    report(loaded.reduce(add, 0), known.length === parts ? known.reduce(add, 0) : undefined);
  };
}
