import type { DatasetSource } from 'purge-unlearning';
import type { Apart, Recognised, Together } from './recognise';

type OfSet = Extract<Recognised, { format: string }>;

/** The four roles of a set with images and labels apart. */
export type RoleFiles = Partial<Record<'trainImages' | 'trainLabels' | 'testImages' | 'testLabels', File>>;

const roleNames = {
  trainImages: 'training images',
  trainLabels: 'training labels',
  testImages: 'test images',
  testLabels: 'test labels',
};

/** CIFAR-10 comes in five batches to learn from; a set without one of them is another set, and is told as such. */
const cifarBatches = [1, 2, 3, 4, 5];

/** The visitor's files with newer ones added: a network replaces a network, a data set a data set. */
export function addFiles(files: readonly Recognised[], added: readonly Recognised[]): Recognised[] {
  const isWhole = (f: Recognised) => f.kind === 'packed' || f.kind === 'medmnist';
  const isPart = (f: Recognised) => 'format' in f;
  const kept = files.filter((f) => {
    if (isModel(f)) return !added.some(isModel);
    if (isWhole(f)) return !added.some(isWhole) && !added.some(isPart);
    return !added.some(isWhole) && !added.some((a) => a.file.name === f.file.name);
  });
  return [...kept, ...added];
}

export function isModel(f: Recognised): boolean {
  return f.kind === 'model';
}

/** What the images among these files take in memory, in bytes. */
export function unpackedBytes(files: readonly Recognised[]): number {
  return files.reduce((sum, f) => sum + (f.bytes ?? 0), 0);
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

/** What is still missing of a set that has been begun, without which it is none. */
export function missingParts(files: readonly Recognised[]): string[] {
  const format = newestFormat(files);
  if (!format) return [];
  if (format === 'idx' || format === 'stl10') {
    const sorted = sortRoles(files, format);
    const roles = Object.keys(roleNames) as (keyof typeof roleNames)[];
    return roles.filter((role) => !sorted[role]).map((role) => roleNames[role]);
  }
  const { train, test } = sortHalves(files, format);
  return [...(train.length > 0 ? [] : ['training images']), ...(test ? [] : ['test images'])];
}

/** The batches that are not among numbered ones, by name; files under other names are taken for all there is. */
export function missingBatches(files: readonly Recognised[]): string[] {
  if (newestFormat(files) !== 'cifar10') return [];
  const numbered = sortHalves(files, 'cifar10').train.flatMap(({ name }) => {
    const found = /^(.*data_batch_)(\d+)(\D*)$/i.exec(name);
    return found ? [{ head: found[1] ?? '', number: Number(found[2]), tail: found[3] ?? '' }] : [];
  });
  const [first] = numbered;
  if (!first) return [];
  return cifarBatches
    .filter((batch) => !numbered.some(({ number }) => number === batch))
    .map((batch) => `${first.head}${batch}${first.tail}`);
}

/** Puts the files of a set into their roles: by name where it says so, else the larger half is for training. */
export function sortRoles(files: readonly Recognised[], format: Apart): RoleFiles {
  const sorted: RoleFiles = {};
  for (const [kind, train, test] of [
    ['images', 'trainImages', 'testImages'],
    ['labels', 'trainLabels', 'testLabels'],
  ] as const) {
    const ofKind = partsOf(files, format).filter((f) => f.kind === kind);
    for (const f of ofKind.filter((f) => f.half)) sorted[f.half === 'train' ? train : test] = f.file;
    for (const f of ofKind.filter((f) => !f.half)) {
      const role = sorted[train] ? test : train;
      sorted[role] = f.file;
    }
  }
  return sorted;
}

/** The files for training and the one for testing: by name, else the smallest of several is for testing. */
function sortHalves(files: readonly Recognised[], format: Together): { train: File[]; test?: File } {
  const parts = partsOf(files, format);
  const nameless = parts.filter((f) => !f.half);
  const test = parts.findLast((f) => f.half === 'test') ?? (parts.length > 1 ? nameless.at(-1) : undefined);
  const train = parts.filter((f) => f !== test && f.half !== 'test');
  // The order in which batches are read decides which sample is which.
  train.sort((a, b) => a.file.name.localeCompare(b.file.name, 'en', { numeric: true }));
  return { train: train.map((f) => f.file), ...(test && { test: test.file }) };
}

/** The parts of a set, the largest first. */
function partsOf(files: readonly Recognised[], format: Apart | Together): OfSet[] {
  return files.filter((f): f is OfSet => 'format' in f && f.format === format).sort((a, b) => b.count - a.count);
}

/** The format of the set that was begun last. */
function newestFormat(files: readonly Recognised[]): Apart | Together | undefined {
  return files.findLast((f): f is OfSet => 'format' in f)?.format;
}
