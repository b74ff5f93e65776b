import { expect, it } from 'vitest';
import type { FetchFile } from './fetching';
import { same, wantedBy } from './wanted';

const fetchFile: FetchFile = async (path) => (path.includes('absent') ? undefined : new File([], path));
const signal = new AbortController().signal;
const ignore = () => undefined;
const none = { files: [] };

it('a served tab wants its data and a network of the norm', async () => {
  const { dataset, model } = wantedBy({ dataset: 'pathmnist', size: 'light', norm: 'batch' }, none, fetchFile);
  expect(await dataset?.find(ignore, signal)).toMatchObject({
    kind: 'packed',
    file: { name: 'data/pathmnist-light.purge' },
  });
  expect((await model?.find(ignore, signal))?.name).toBe('models/pathmnist-batch.safetensors');
  expect(model?.shipped).toBe('pathmnist-batch');
});

it('parts are the same however often they are asked for, and differ where the files do', () => {
  const light = { dataset: 'pathmnist', size: 'light', norm: 'group' } as const;
  const whole = { ...light, size: 'whole' } as const;
  const want = (of: typeof light | typeof whole, archive?: File) => wantedBy(of, { files: [], archive }, fetchFile);
  expect(same(want(light).dataset, want(light).dataset)).toBe(true);
  expect(same(want(light).dataset, want(whole).dataset)).toBe(false);
  expect(same(want(light).model, want(whole).model)).toBe(true);
  const archive = new File([], 'pathmnist.npz');
  expect(same(want(whole, archive).dataset, want(whole).dataset)).toBe(false);
  expect(same(want(light, archive).dataset, want(light).dataset)).toBe(true);
});

it('"Your own" wants what there is, and a borrowed network as the shipped one', async () => {
  const own = { dataset: 'own', size: 'light', norm: 'group' } as const;
  expect(wantedBy(own, none, fetchFile)).toEqual({});
  const file = new File([], 'a.purge');
  const { dataset, model } = wantedBy(
    own,
    { files: [{ kind: 'packed', file }], borrowed: { name: 'mnist', norm: 'group' } },
    fetchFile,
  );
  expect(await dataset?.find(ignore, signal)).toEqual({ kind: 'packed', file });
  expect(same(model, wantedBy({ ...own, dataset: 'mnist' }, none, fetchFile).model)).toBe(true);
});
