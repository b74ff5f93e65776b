import { PurgeError, type DatasetSource } from 'purge-unlearning';

/** What a dropped file turned out to be. */
export type FileKind = 'model' | 'packed' | 'medmnist' | 'idx-images' | 'idx-labels';

export interface Recognised {
  kind: FileKind;
  file: File;
  /** Of an IDX file: how many samples it has. */
  count?: number;
  /** Of an IDX file: whether its name says that it is the training or the test half. */
  half?: 'train' | 'test';
}

/** The four roles of an IDX set. */
export type IdxFiles = Partial<Record<'trainImages' | 'trainLabels' | 'testImages' | 'testLabels', File>>;

/**
 * What a file is, by its first bytes; the name only helps to tell the halves of an IDX set apart.
 *
 * @throws PurgeError `bad-dataset` if it is none of the kinds the page takes.
 */
export async function recognise(file: File): Promise<Recognised> {
  const head = await firstBytes(file);
  if ((head[0] === 0x50 && head[1] === 0x4b) || /\.npz$/i.test(file.name)) return { kind: 'medmnist', file };
  if (head[0] === 0 && head[1] === 0 && head[2] === 8 && (head[3] === 1 || head[3] === 3)) {
    const count = new DataView(head.buffer, head.byteOffset).getUint32(4);
    const half = /t10k|test/i.test(file.name) ? 'test' : /train/i.test(file.name) ? 'train' : undefined;
    return { kind: head[3] === 3 ? 'idx-images' : 'idx-labels', file, count, ...(half && { half }) };
  }
  if (/\.purge$/i.test(file.name)) return { kind: 'packed', file };
  // A safetensors file starts with the length of its JSON header, eight bytes, and the header's brace.
  if (/\.safetensors$/i.test(file.name) || head[8] === 0x7b) return { kind: 'model', file };
  throw new PurgeError(
    'bad-dataset',
    `${file.name}: expected a network (.safetensors), a MedMNIST archive (.npz), IDX files or a .purge file; its first bytes are ${[...head.slice(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}.`,
  );
}

/** Puts IDX files into their roles: by name where it says so, else the larger half is for training. */
export function sortIdx(files: readonly Recognised[]): IdxFiles {
  const sorted: IdxFiles = {};
  for (const [kind, train, test] of [
    ['idx-images', 'trainImages', 'testImages'],
    ['idx-labels', 'trainLabels', 'testLabels'],
  ] as const) {
    const mine = files.filter((f) => f.kind === kind).sort((a, b) => (b.count ?? 0) - (a.count ?? 0));
    for (const f of mine.filter((f) => f.half)) sorted[f.half === 'train' ? train : test] = f.file;
    for (const f of mine.filter((f) => !f.half)) {
      const role = sorted[train] ? test : train;
      sorted[role] = f.file;
    }
  }
  return sorted;
}

/** The dataset that these files make; undefined while one of an IDX set is missing. */
export function asDataset(files: readonly Recognised[]): DatasetSource | undefined {
  const single = files.findLast((f) => f.kind === 'packed' || f.kind === 'medmnist');
  if (single) return { kind: single.kind === 'packed' ? 'packed' : 'medmnist', file: single.file };
  const { trainImages, trainLabels, testImages, testLabels } = sortIdx(files);
  if (!trainImages || !trainLabels || !testImages || !testLabels) return undefined;
  return { kind: 'idx', trainImages, trainLabels, testImages, testLabels };
}

/** What is still missing of an IDX set that has been begun. */
export function missingIdx(files: readonly Recognised[]): string[] {
  if (!files.some((f) => f.kind === 'idx-images' || f.kind === 'idx-labels')) return [];
  const sorted = sortIdx(files);
  const names = {
    trainImages: 'training images',
    trainLabels: 'training labels',
    testImages: 'test images',
    testLabels: 'test labels',
  };
  return (Object.keys(names) as (keyof typeof names)[]).filter((role) => !sorted[role]).map((role) => names[role]);
}

async function firstBytes(file: File): Promise<Uint8Array> {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  if (head[0] !== 0x1f || head[1] !== 0x8b) return padded(head);
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    const { value } = await reader.read();
    return padded(value ?? head);
  } catch {
    throw new PurgeError(
      'bad-dataset',
      `${file.name}: it looks like gzip but cannot be unpacked; the file may be cut short.`,
    );
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function padded(bytes: Uint8Array): Uint8Array {
  const sixteen = new Uint8Array(16);
  sixteen.set(bytes.subarray(0, 16));
  return sixteen;
}
