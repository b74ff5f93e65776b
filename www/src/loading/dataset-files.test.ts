import { describe, expect, it } from 'vitest';
import { addFiles, asDataset, missingBatches, missingParts, sortRoles } from './dataset-files';
import { recognise, type Recognised } from './recognise';

const part = (name: string, format: 'cifar10' | 'cifar100', count: number): Recognised => ({
  kind: 'samples',
  format,
  count,
  file: new File([], name),
  ...(/test/.test(name) ? { half: 'test' } : /data_batch/.test(name) ? { half: 'train' } : {}),
});

const idx = (kind: 'images' | 'labels', name: string, count: number): Recognised => ({
  kind,
  format: 'idx',
  count,
  file: new File([], name),
  ...(/t10k/.test(name) ? { half: 'test' } : /train/.test(name) ? { half: 'train' } : {}),
});

describe('a set with images and labels together', () => {
  const batches = [1, 2, 3, 4, 5].map((n) => part(`data_batch_${n}.bin`, 'cifar10', 10));
  const test = part('test_batch.bin', 'cifar10', 10);

  it('is whole with all its batches, in their order, and one for testing', () => {
    const [one, two, three, four, five] = batches;
    const files = [five!, test, one!, four!, two!, three!];
    expect(missingParts(files)).toEqual([]);
    expect(asDataset(files)).toEqual({ kind: 'cifar10', train: batches.map((f) => f.file), test: test.file });
  });

  it('is taken without some of its batches, which are told by their names', () => {
    const files = [...batches.filter((f) => !/[35]/.test(f.file.name)), test];
    expect(missingBatches(files)).toEqual(['data_batch_3.bin', 'data_batch_5.bin']);
    expect(asDataset(files)).toMatchObject({ kind: 'cifar10', test: test.file });
    expect(missingBatches([...batches, test])).toEqual([]);
    const packed = [part('data_batch_2.bin.gz', 'cifar10', 10), test];
    expect(missingBatches(packed)).toContain('data_batch_1.bin.gz');
    expect(missingBatches([part('mine.bin', 'cifar10', 10), test])).toEqual([]);
  });

  it('does not take a batch to learn from for the test', () => {
    expect(missingParts(batches)).toEqual(['test images']);
    expect(missingParts([test])).toEqual(['training images']);
  });

  it('is told apart by size where names say nothing', () => {
    const [large, small] = [part('a.bin', 'cifar100', 2), part('b.bin', 'cifar100', 1)];
    expect(asDataset([small, large])).toEqual({ kind: 'cifar100', train: [large.file], test: small.file });
  });
});

describe('the four files of an IDX set', () => {
  const sorted = (files: Recognised[]) => sortRoles(files, 'idx');

  it('find their roles by name', () => {
    const files = [
      idx('labels', 't10k-labels', 9),
      idx('images', 'train-images', 5),
      idx('labels', 'train-labels', 5),
      idx('images', 't10k-images', 9),
    ];
    expect(sorted(files)).toEqual({
      testLabels: files[0]?.file,
      trainImages: files[1]?.file,
      trainLabels: files[2]?.file,
      testImages: files[3]?.file,
    });
  });

  it('find their roles by size where the names say nothing', () => {
    const files = [idx('images', 'a', 10), idx('images', 'b', 60), idx('labels', 'c', 60), idx('labels', 'd', 10)];
    expect(sorted(files)).toEqual({
      testImages: files[0]?.file,
      trainImages: files[1]?.file,
      trainLabels: files[2]?.file,
      testLabels: files[3]?.file,
    });
  });

  it('are named while they are missing', () => {
    const files = [idx('images', 'train-images', 5), idx('labels', 'train-labels', 5)];
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
