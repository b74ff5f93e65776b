import { badOption, checkedOptions, oneOf } from './checks.js';
import { download, networkError, type Report } from './download.js';
import type { DatasetFiles, NamedFile } from './protocol.js';
import type { DatasetSource, Source } from './types/index.js';

/** A source, and what to call it where it has no name of its own. */
interface Part {
  source: Source;
  name: string;
}

/** Every file of a dataset, checked but not read. */
export interface DatasetParts {
  kind: DatasetSource['kind'];
  parts: Part[];
}

const one = { file: 'dataset' };
const four = {
  trainImages: 'training images',
  trainLabels: 'training labels',
  testImages: 'test images',
  testLabels: 'test labels',
};
const two = { train: 'training images', test: 'test images' };

/** The files of every kind of dataset, in the order in which the engine takes them. */
const kinds: Record<DatasetSource['kind'], Record<string, string>> = {
  packed: one,
  medmnist: one,
  idx: four,
  stl10: four,
  cifar10: two,
  cifar100: two,
  svhn: two,
};

/** Those whose training images may be several files. */
const severalFiles: ReadonlySet<string> = new Set<DatasetSource['kind']>(['cifar10', 'cifar100']);

/**
 * A source that is one, by the option's name.
 *
 * @throws PurgeError `bad-config` if it is no address, bytes or Blob.
 */
export function checkedSource(name: string, source: unknown): Source {
  const known =
    (typeof source === 'string' && source !== '') ||
    source instanceof URL ||
    source instanceof Blob ||
    source instanceof ArrayBuffer ||
    source instanceof Uint8Array;
  if (!known) throw badOption(name, 'an address, bytes or a Blob', source);
  return source;
}

/**
 * What a dataset is made of.
 *
 * @throws PurgeError `bad-config` for an unknown kind, a file that is missing or of no use, and an option too many.
 */
export function checkedDataset(source: unknown): DatasetParts {
  if (typeof source !== 'object' || source === null)
    throw badOption('dataset', 'an object with kind and files', source);
  const { kind } = source as { kind?: unknown };
  if (!isKind(kind)) throw badOption('dataset', `kind ${oneOf(Object.keys(kinds))}`, kind);
  const files = Object.entries(kinds[kind]);
  const given = checkedOptions('dataset', source, ['kind', ...files.map(([option]) => option)]);
  const parts = files.flatMap(([option, name]): Part[] => {
    const value = given[option];
    if (option !== 'train' || !severalFiles.has(kind) || !Array.isArray(value)) {
      return [{ source: checkedSource(`dataset.${option}`, value), name }];
    }
    if (value.length === 0) throw badOption(`dataset.${option}`, 'one file or more', value);
    return Array.from(value, (file: unknown, i) => ({ source: checkedSource(`dataset.${option}[${i}]`, file), name }));
  });
  return { kind, parts };
}

function isKind(kind: unknown): kind is DatasetSource['kind'] {
  return typeof kind === 'string' && Object.hasOwn(kinds, kind);
}

/**
 * The bytes of a source as a blob, with a name for messages. The caller's own buffer is copied, never taken away.
 *
 * @param fallback The name where the source has none.
 * @throws PurgeError `network` as {@link download} does.
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

/** The files of a dataset; downloads run side by side. */
export async function readDataset(
  { kind, parts }: DatasetParts,
  report: Report,
  signal?: AbortSignal,
): Promise<DatasetFiles> {
  const sum = summed(report, parts.length);
  return { kind, files: await Promise.all(parts.map(({ source, name }, i) => read(source, name, sum(i), signal))) };
}

function local(source: ArrayBuffer | Uint8Array | Blob, fallback: string): NamedFile {
  if (source instanceof Blob) {
    return { name: (source instanceof File && source.name) || fallback, blob: source };
  }
  // Browsers make no blob of memory that threads share; a slice of it is not shared.
  const shared = source instanceof Uint8Array && !(source.buffer instanceof ArrayBuffer);
  const part = (shared ? source.slice() : source) as ArrayBuffer | Uint8Array<ArrayBuffer>;
  return { name: fallback, blob: new Blob([part]) };
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
