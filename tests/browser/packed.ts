import { gunzipSync, gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { served } from './digits';
import { isServed } from './sets';

interface Header {
  class_names: string[];
  channels: number;
  height: number;
  width: number;
  splits: { name: string; count: number }[];
}

/** A packed set with only the first images of each class: work for seconds. */
export function firstOfEachClass(packed: Buffer, perClass: { train: number; rest: number }): Buffer {
  const bytes = gunzipSync(packed);
  const headerEnd = 16 + bytes.readUInt32LE(12);
  const header = JSON.parse(bytes.toString('utf8', 16, headerEnd)) as Header;
  const imageLength = header.channels * header.height * header.width;
  let at = headerEnd;
  const splits = header.splits.map(({ name, count }) => {
    const labels = bytes.subarray(at, at + count);
    const pixels = bytes.subarray(at + count, at + count * (1 + imageLength));
    at += count * (1 + imageLength);
    const taken = header.class_names.map(() => 0);
    const most = name === 'train' ? perClass.train : perClass.rest;
    const kept = [...labels.keys()].filter((i) => {
      const label = labels[i] ?? 0;
      const before = taken[label] ?? 0;
      taken[label] = before + 1;
      return before < most;
    });
    return {
      head: { name, count: kept.length },
      body: Buffer.concat([
        Buffer.from(kept.map((i) => labels[i] ?? 0)),
        ...kept.map((i) => pixels.subarray(i * imageLength, (i + 1) * imageLength)),
      ]),
    };
  });
  const json = Buffer.from(JSON.stringify({ ...header, splits: splits.map(({ head }) => head) }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return gzipSync(Buffer.concat([bytes.subarray(0, 12), length, json, ...splits.map(({ body }) => body)]));
}

/** Serves few images of each class in place of all of them. */
export async function serveFew(page: Page, perClass = { train: 24, rest: 8 }): Promise<void> {
  for (const file of ['mnist.purge', 'pathmnist-light.purge'].filter((file) => isServed(`data/${file}`))) {
    const body = firstOfEachClass(await served(page, `/data/${file}`), perClass);
    await page.route(`**/data/${file}`, (route) => route.fulfill({ contentType: 'application/octet-stream', body }));
  }
}
