import { expect, type Page } from '@playwright/test';
import { openPackagePage } from './package-page';

/** IDX files under the names that MNIST's own have. */
export type IdxFiles = Record<'train-images' | 'train-labels' | 't10k-images' | 't10k-labels', number[]>;

/** The first digits of each class of the page's MNIST, 24 to learn from and 4 for the test: work for seconds. */
export async function fewDigits(page: Page): Promise<IdxFiles> {
  await openPackagePage(page);
  return page.evaluate(async () => {
    const session = await createSession({ device: 'cpu' });
    const { height, width } = await session.loadDataset({ kind: 'packed', file: '/data/mnist.purge' });

    async function half(split: 'train' | 'test', count: number) {
      const total = 10 * count;
      const images = [0, 0, 8, 3, 0, 0, 0, total, 0, 0, 0, height, 0, 0, 0, width];
      const labels = [0, 0, 8, 1, 0, 0, 0, total];
      for (let k = 0; k < 10; k++) {
        const { pixels } = await session.samples({ class: k, count, split });
        images.push(...pixels);
        labels.push(...Array<number>(count).fill(k));
      }
      return { images, labels };
    }

    const train = await half('train', 24);
    const rest = await half('test', 4);
    session.close();
    return {
      'train-images': train.images,
      'train-labels': train.labels,
      't10k-images': rest.images,
      't10k-labels': rest.labels,
    };
  });
}

/** A file for a file input. */
export function asFile(name: string, content: Buffer | number[]) {
  return { name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) };
}

/** A file that the page's server has. */
export async function served(page: Page, path: string): Promise<Buffer> {
  const response = await page.request.get(path);
  expect(response.ok(), path).toBe(true);
  return response.body();
}
