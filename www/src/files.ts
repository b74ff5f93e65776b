import { PurgeError, type DatasetSource } from 'purge-unlearning';
import { cutShort, unpackedSize } from './unpacked';

/** Formats whose images and labels are files of their own. */
type Apart = 'idx' | 'stl10';
/** Formats with a file or more for each half, labels and images together. */
type Together = 'cifar10' | 'cifar100' | 'svhn';

/** What a dropped file turned out to be. */
export type Recognised = {
  file: File;
  /** What its content takes in memory, once it is unpacked. */
  bytes?: number;
} & (
  | { kind: 'model' | 'packed' | 'medmnist' }
  | ({ kind: 'images' | 'labels'; format: Apart } & Part)
  | ({ kind: 'samples'; format: Together } & Part)
);

interface Part {
  /** How many samples, or bytes, it has: more of them are rather for training. */
  count: number;
  /** Whether its name says that it is for training or for testing. */
  half?: 'train' | 'test';
}

type OfSet = Extract<Recognised, { format: string }>;

/** The four roles of a set with images and labels apart. */
export type RoleFiles = Partial<Record<'trainImages' | 'trainLabels' | 'testImages' | 'testLabels', File>>;

const roleNames = {
  trainImages: 'training images',
  trainLabels: 'training labels',
  testImages: 'test images',
  testLabels: 'test labels',
};

/**
 * What a file is, by its content; the name only helps to tell training and testing apart.
 *
 * @throws PurgeError `bad-dataset` if it is none of the kinds the page takes.
 */
export async function recognise(file: File): Promise<Recognised> {
  const recognised = await kindOf(file);
  return recognised.kind === 'model' ? recognised : { ...recognised, bytes: await unpackedSize(file) };
}

/** What the images among these files take in memory. */
export function unpackedBytes(files: readonly Recognised[]): number {
  return files.reduce((sum, f) => sum + (f.bytes ?? 0), 0);
}

async function kindOf(file: File): Promise<Recognised> {
  const head = await firstBytes(file);
  if ((head[0] === 0x50 && head[1] === 0x4b) || /\.npz$/i.test(file.name)) return { kind: 'medmnist', file };
  const half = halfOf(file.name);
  const part = (count: number): Part & { file: File } => ({ file, count, ...(half && { half }) });
  if (head[0] === 0 && head[1] === 0 && head[2] === 8 && (head[3] === 1 || head[3] === 3)) {
    const count = new DataView(head.buffer, head.byteOffset).getUint32(4);
    return { kind: head[3] === 3 ? 'images' : 'labels', format: 'idx', ...part(count) };
  }
  if (/\.purge$/i.test(file.name)) return { kind: 'packed', file };
  // A safetensors file starts with the length of its JSON header, eight bytes, and the header's brace.
  if (/\.safetensors$/i.test(file.name) || head[8] === 0x7b) return { kind: 'model', file };
  if (String.fromCharCode(...head).startsWith('MATLAB 5.0 MAT-f')) {
    return { kind: 'samples', format: 'svhn', ...part(file.size) };
  }
  // The others begin with their first sample: only their length tells them.
  const size = await unpackedSize(file);
  const [first = 0, second = 0] = head;
  const whole = (sample: number) => size > 0 && size % sample === 0;
  if (whole(3073) && first < 10) return { kind: 'samples', format: 'cifar10', ...part(size / 3073) };
  if (whole(3074) && first < 20 && second < 100) return { kind: 'samples', format: 'cifar100', ...part(size / 3074) };
  if (whole(27_648)) return { kind: 'images', format: 'stl10', ...part(size / 27_648) };
  if (/_y\.bin(\.gz)?$/i.test(file.name)) return { kind: 'labels', format: 'stl10', ...part(size) };
  const bytes = [...head.slice(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  throw new PurgeError(
    'bad-dataset',
    `${file.name}: expected a network (.safetensors), or images as MedMNIST (.npz), IDX, CIFAR, SVHN (.mat), STL-10 or .purge; it has ${size} bytes, and its first bytes are ${bytes}.`,
  );
}

function halfOf(name: string): Part['half'] {
  if (/t10k|test/i.test(name)) return 'test';
  return /train|data_batch/i.test(name) ? 'train' : undefined;
}

/** Puts the files of a set into their roles: by name where it says so, else the larger half is for training. */
export function sortRoles(files: readonly Recognised[], format: Apart): RoleFiles {
  const sorted: RoleFiles = {};
  for (const [kind, train, test] of [
    ['images', 'trainImages', 'testImages'],
    ['labels', 'trainLabels', 'testLabels'],
  ] as const) {
    const mine = partsOf(files, format).filter((f) => f.kind === kind);
    for (const f of mine.filter((f) => f.half)) sorted[f.half === 'train' ? train : test] = f.file;
    for (const f of mine.filter((f) => !f.half)) {
      const role = sorted[train] ? test : train;
      sorted[role] = f.file;
    }
  }
  return sorted;
}

/** The files for training and the one for testing: by name, else the smallest of several is for testing. */
function sortHalves(files: readonly Recognised[], format: Together): { train: File[]; test?: File } {
  const mine = partsOf(files, format);
  const test = mine.findLast((f) => f.half === 'test') ?? (mine.length > 1 ? mine.at(-1) : undefined);
  const train = mine.filter((f) => f !== test && f.half !== 'test');
  // The order in which batches are read decides which sample is which.
  train.sort((a, b) => a.file.name.localeCompare(b.file.name, 'en', { numeric: true }));
  return { train: train.map((f) => f.file), ...(test && { test: test.file }) };
}

/** The parts of a set, the largest first. */
function partsOf(files: readonly Recognised[], format: Apart | Together): OfSet[] {
  const mine = files.filter((f): f is OfSet => 'format' in f && f.format === format);
  return mine.sort((a, b) => b.count - a.count);
}

/** The format of the set that was begun last. */
function newestFormat(files: readonly Recognised[]): Apart | Together | undefined {
  return files.findLast((f): f is OfSet => 'format' in f)?.format;
}

/** The dataset that these files make; undefined while a file of a set is missing. */
export function asDataset(files: readonly Recognised[]): DatasetSource | undefined {
  const single = files.findLast((f) => f.kind === 'packed' || f.kind === 'medmnist');
  if (single?.kind === 'packed' || single?.kind === 'medmnist') return { kind: single.kind, file: single.file };
  const format = newestFormat(files);
  if (!format || missingParts(files).length > 0) return undefined;
  if (format === 'idx' || format === 'stl10') {
    return { kind: format, ...(sortRoles(files, format) as Required<RoleFiles>) };
  }
  const { train, test } = sortHalves(files, format) as { train: [File, ...File[]]; test: File };
  return format === 'svhn' ? { kind: format, train: train[0], test } : { kind: format, train, test };
}

/** What is still missing of a set that has been begun. */
export function missingParts(files: readonly Recognised[]): string[] {
  const format = newestFormat(files);
  if (!format) return [];
  if (format === 'idx' || format === 'stl10') {
    const sorted = sortRoles(files, format);
    const roles = Object.keys(roleNames) as (keyof typeof roleNames)[];
    return roles.filter((role) => !sorted[role]).map((role) => roleNames[role]);
  }
  const { train, test } = sortHalves(files, format);
  return [...(train.length ? [] : ['training images']), ...(test ? [] : ['test images'])];
}

async function firstBytes(file: File): Promise<Uint8Array> {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  if (head[0] !== 0x1f || head[1] !== 0x8b) return padded(head);
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    const { value } = await reader.read();
    return padded(value ?? head);
  } catch {
    throw cutShort(file);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function padded(bytes: Uint8Array): Uint8Array {
  const sixteen = new Uint8Array(16);
  sixteen.set(bytes.subarray(0, 16));
  return sixteen;
}
