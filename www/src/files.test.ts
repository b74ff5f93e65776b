import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { asDataset, missingIdx, recognise, sortIdx } from './files';
import { addFiles } from './loading';

const images = (name: string, count: number) => new File([header(3, count)], name);
const labels = (name: string, count: number) => new File([header(1, count)], name);

function header(dimensions: number, count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array([0, 0, 8, dimensions, 0, 0, count >> 8, count & 255, ...new Array<number>(16).fill(0)]);
}

describe('what a dropped file is', () => {
  it('is told by its first bytes', async () => {
    expect(await recognise(new File([new Uint8Array([0x50, 0x4b, 3, 4])], 'a'))).toMatchObject({ kind: 'medmnist' });
    expect(await recognise(images('a', 300))).toMatchObject({ kind: 'idx-images', count: 300 });
    expect(await recognise(labels('a', 300))).toMatchObject({ kind: 'idx-labels', count: 300 });
    const safetensors = new Uint8Array([64, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22]);
    expect(await recognise(new File([safetensors], 'weights'))).toMatchObject({ kind: 'model' });
  });

  it('is told inside gzip too', async () => {
    const packed = new File([new Uint8Array(gzipSync(header(3, 60)))], 't10k-images-idx3-ubyte.gz');
    expect(await recognise(packed)).toMatchObject({ kind: 'idx-images', count: 60, half: 'test' });
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

describe('the four files of an IDX set', () => {
  it('find their roles by name', async () => {
    const files = [
      labels('t10k-labels', 9),
      images('train-images', 5),
      labels('train-labels', 5),
      images('t10k-images', 9),
    ];
    const sorted = sortIdx(await Promise.all(files.map(recognise)));
    expect(sorted).toEqual({
      testLabels: files[0],
      trainImages: files[1],
      trainLabels: files[2],
      testImages: files[3],
    });
  });

  it('find their roles by size where the names say nothing', async () => {
    const files = [images('a', 10), images('b', 60), labels('c', 60), labels('d', 10)];
    const sorted = sortIdx(await Promise.all(files.map(recognise)));
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
    expect(missingIdx(files)).toEqual(['test images', 'test labels']);
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
