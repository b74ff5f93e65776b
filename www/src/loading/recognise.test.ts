import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { recognise } from './recognise';

const images = (name: string, count: number) => new File([header(3, count)], name);
const labels = (name: string, count: number) => new File([header(1, count)], name);

function header(dimensions: number, count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array([0, 0, 8, dimensions, 0, 0, count >> 8, count & 255, ...new Array<number>(16).fill(0)]);
}

/** A file that starts as a safetensors file does: a header, and its length before it. */
function tensors(header: string, length = header.length): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  return bytes;
}

describe('what a dropped file is', () => {
  it('is told by its first bytes', async () => {
    expect(await recognise(new File([new Uint8Array([0x50, 0x4b, 3, 4])], 'a'))).toMatchObject({ kind: 'medmnist' });
    expect(await recognise(images('a', 300))).toMatchObject({ kind: 'images', count: 300 });
    expect(await recognise(labels('a', 300))).toMatchObject({ kind: 'labels', count: 300 });
    expect(await recognise(new File([tensors('{"a": {}}')], 'weights'))).toMatchObject({ kind: 'model' });
  });

  it('is a network only with a header that is whole and can be read', async () => {
    for (const bytes of [tensors('{"a": {}}', 1000), tensors('{"a": {}'), tensors('[1, 2]'), tensors('{"a": {}}', 2)]) {
      await expect(recognise(new File([bytes], 'weights'))).rejects.toMatchObject({ code: 'bad-dataset' });
    }
  });

  it('is a CIFAR batch whatever its ninth byte is', async () => {
    for (const ninth of [0x7a, 0x7b, 0x7c]) {
      const batch = new Uint8Array(2 * 3073);
      batch[0] = 6;
      batch[8] = ninth;
      expect(await recognise(new File([batch], 'data_batch_3.bin'))).toMatchObject({ format: 'cifar10', count: 2 });
    }
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
});

describe('what a file takes in memory', () => {
  const formats = new URL('../../../tests/fixtures/formats/', import.meta.url);
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
