import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { asDataset, missingParts, recognise, sortRoles } from './files';
import { addFiles } from './loading';

const images = (name: string, count: number) => new File([header(3, count)], name);
const labels = (name: string, count: number) => new File([header(1, count)], name);

function header(dimensions: number, count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array([0, 0, 8, dimensions, 0, 0, count >> 8, count & 255, ...new Array<number>(16).fill(0)]);
}

describe('what a dropped file is', () => {
  it('is told by its first bytes', async () => {
    expect(await recognise(new File([new Uint8Array([0x50, 0x4b, 3, 4])], 'a'))).toMatchObject({ kind: 'medmnist' });
    expect(await recognise(images('a', 300))).toMatchObject({ kind: 'images', count: 300 });
    expect(await recognise(labels('a', 300))).toMatchObject({ kind: 'labels', count: 300 });
    const safetensors = new Uint8Array([64, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22]);
    expect(await recognise(new File([safetensors], 'weights'))).toMatchObject({ kind: 'model' });
  });

  it('is told inside gzip too', async () => {
    const packed = new File([new Uint8Array(gzipSync(header(3, 60)))], 't10k-images-idx3-ubyte.gz');
    expect(await recognise(packed)).toMatchObject({ kind: 'images', count: 60, half: 'test' });
  });

  it('is an error that says what was expected and found', async () => {
    await expect(recognise(new File(['GIF89a'], 'cat.gif'))).rejects.toMatchObject({
      code: 'bad-dataset',
      message: expect.stringMatching(/^cat\.gif: expected .* first bytes are 47 49 46 38/) as string,
    });
    const cut = new File([new Uint8Array(gzipSync(header(3, 60))).subarray(0, 6)], 'cut.gz');
    await expect(recognise(cut)).rejects.toMatchObject({ code: 'bad-dataset' });
  });
});

describe('sets that only their length tells', () => {
  const file = (name: string, size: number, ...first: number[]) => {
    const bytes = new Uint8Array(size);
    bytes.set(first);
    return new File([bytes], name);
  };
  const kinds = async (...files: File[]) => Promise.all(files.map(recognise));

  it('are CIFAR, SVHN and STL-10', async () => {
    expect(await kinds(file('data_batch_1.bin', 2 * 3073, 9), file('train.bin', 3 * 3074, 19, 99))).toMatchObject([
      { kind: 'samples', format: 'cifar10', count: 2, half: 'train' },
      { kind: 'samples', format: 'cifar100', count: 3, half: 'train' },
    ]);
    const matlab = file('test_32x32.mat', 300, ...new TextEncoder().encode('MATLAB 5.0 MAT-file'));
    expect(await recognise(matlab)).toMatchObject({ kind: 'samples', format: 'svhn', half: 'test' });
    expect(await kinds(file('train_X.bin', 27_648), file('train_y.bin', 1, 7))).toMatchObject([
      { kind: 'images', format: 'stl10', count: 1 },
      { kind: 'labels', format: 'stl10', count: 1 },
    ]);
    const packed = new File([new Uint8Array(gzipSync(new Uint8Array(3073)))], 'test_batch.bin.gz');
    expect(await recognise(packed)).toMatchObject({ format: 'cifar10', count: 1, half: 'test' });
    await expect(recognise(file('cut.bin', 3072))).rejects.toMatchObject({ code: 'bad-dataset' });
  });

  it('are whole with a file for training and one for testing', async () => {
    const files = [
      file('data_batch_10.bin', 3073),
      file('test_batch.bin', 3073),
      file('data_batch_2.bin', 2 * 3073),
    ] as const;
    const begun = await kinds(files[0]);
    expect([asDataset(begun), missingParts(begun)]).toEqual([undefined, ['test images']]);
    const [ten, test, two] = files;
    expect(asDataset(await kinds(...files))).toEqual({ kind: 'cifar10', train: [two, ten], test });
    expect(missingParts(await kinds(test))).toEqual(['training images']);
    const [large, small] = [file('a.bin', 2 * 3074, 0, 50), file('b.bin', 3074, 0, 50)];
    expect(asDataset(await kinds(small, large))).toEqual({ kind: 'cifar100', train: [large], test: small });
  });
});

describe('the four files of an IDX set', () => {
  it('find their roles by name', async () => {
    const files = [
      labels('t10k-labels', 9),
      images('train-images', 5),
      labels('train-labels', 5),
      images('t10k-images', 9),
    ];
    const sorted = sortRoles(await Promise.all(files.map(recognise)), 'idx');
    expect(sorted).toEqual({
      testLabels: files[0],
      trainImages: files[1],
      trainLabels: files[2],
      testImages: files[3],
    });
  });

  it('find their roles by size where the names say nothing', async () => {
    const files = [images('a', 10), images('b', 60), labels('c', 60), labels('d', 10)];
    const sorted = sortRoles(await Promise.all(files.map(recognise)), 'idx');
    expect(sorted).toEqual({
      testImages: files[0],
      trainImages: files[1],
      trainLabels: files[2],
      testLabels: files[3],
    });
  });

  it('are named while they are missing', async () => {
    const files = await Promise.all([images('train-images', 5), labels('train-labels', 5)].map(recognise));
    expect(asDataset(files)).toBeUndefined();
    expect(missingParts(files)).toEqual(['test images', 'test labels']);
  });
});

it('a newer network replaces the older one and leaves the data', async () => {
  const data = await recognise(new File([], 'set.purge'));
  const [older, newer] = await Promise.all(
    ['a.safetensors', 'b.safetensors'].map((name) => recognise(new File([], name))),
  );
  if (!older || !newer) throw new Error('no files');
  expect(addFiles([data, older], [newer])).toEqual([data, newer]);
});

describe('what a file takes in memory', () => {
  const formats = new URL('../../tests/fixtures/formats/', import.meta.url);
  const fixture = async (name: string) => new File([await readFile(new URL(name, formats))], name);

  it('is what is inside it', async () => {
    // By Python's zipfile.
    expect(await recognise(await fixture('medmnist_grey.npz'))).toMatchObject({ kind: 'medmnist', bytes: 9403 });
    expect(await recognise(await fixture('medmnist_rgb_stored.npz'))).toMatchObject({ bytes: 26_651 });
    const packed = new File([new Uint8Array(gzipSync(new Uint8Array(3073)))], 'test_batch.bin.gz');
    expect(await recognise(packed)).toMatchObject({ bytes: 3073 });
    expect(await recognise(images('a', 3))).toMatchObject({ bytes: 24 });
  });

  it('is its own size where an archive has no directory', async () => {
    expect(await recognise(new File([new Uint8Array([0x50, 0x4b, 3, 4])], 'a'))).toMatchObject({ bytes: 4 });
  });
});
