import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import type { Report } from '../src/download.js';
import { read, readDataset } from '../src/sources.js';
import { says } from './fakes.js';

const content = Buffer.from('x'.repeat(200_000));
let stop: (() => void) | undefined;
afterEach(() => stop?.());

async function server(listener: RequestListener): Promise<string> {
  const http = createServer(listener);
  await new Promise<void>((resolve) => http.listen(0, resolve));
  stop = () => {
    http.closeAllConnections();
    http.close();
  };
  return `http://localhost:${(http.address() as AddressInfo).port}`;
}

const unread = () => {};

test('an address: its bytes, the name at its end, and progress up to the total', async () => {
  const base = await server((_, response) => {
    response.setHeader('content-length', content.length);
    response.write(content.subarray(0, 50_000));
    setTimeout(() => response.end(content.subarray(50_000)), 10);
  });
  const seen: Parameters<Report>[] = [];
  const file = await read(`${base}/models/without%203.safetensors?v=1`, 'model', (...report) => seen.push(report));
  expect(file.name).toBe('without 3.safetensors');
  expect(Buffer.from(await file.blob.arrayBuffer())).toEqual(content);
  expect(seen[0]).toEqual([0, content.length]);
  expect(seen.at(-1)).toEqual([content.length, content.length]);
  const counts = seen.map(([loaded]) => loaded);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
});

test('a packed answer has no known total, and counts unpacked bytes', async () => {
  const base = await server((_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(content)));
  const seen: Parameters<Report>[] = [];
  await read(new URL(`${base}/a.purge`), 'dataset', (...report) => seen.push(report));
  expect(seen.at(-1)).toEqual([content.length, undefined]);
});

test.each([404, 500])('status %d names the address and the status', async (status) => {
  const base = await server((_, response) => response.writeHead(status).end('no'));
  await expect(read(`${base}/none.purge`, 'dataset', unread)).rejects.toMatchObject({
    name: 'PurgeError',
    code: 'network',
    message: says(new RegExp(`^${base}/none\\.purge: the server answered ${status}`)),
  });
});

test('a web page where a file should be is told apart', async () => {
  const base = await server((_, response) =>
    response.setHeader('content-type', 'text/html; charset=utf-8').end('<!doctype html>'),
  );
  await expect(read(`${base}/none.purge`, 'dataset', unread)).rejects.toMatchObject({
    code: 'network',
    message: says(/none\.purge: expected a file, found a web page/),
  });
});

test('a server that is not there', async () => {
  const base = await server(unread);
  stop?.();
  await expect(read(`${base}/a.purge`, 'dataset', unread)).rejects.toMatchObject({
    code: 'network',
    message: says(/could not be fetched/),
  });
});

test('a download that breaks off is no shorter file', async () => {
  const base = await server((_, response) => {
    response.setHeader('content-length', content.length);
    response.write(content.subarray(0, 1000), () => response.destroy());
  });
  await expect(read(`${base}/a.purge`, 'dataset', unread)).rejects.toMatchObject({ code: 'network' });
});

test('a signal cancels a download', async () => {
  const base = await server((_, response) => response.write('begin'));
  const abort = new AbortController();
  const reading = read(`${base}/a.purge`, 'dataset', () => abort.abort(), abort.signal);
  await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
});

test('bytes and blobs are taken as they are, a File with its name', async () => {
  const part = new Uint8Array([0, 1, 2, 3]).subarray(1, 3);
  expect(new Uint8Array(await (await read(part, 'model', unread)).blob.arrayBuffer())).toEqual(part.slice());
  expect((await read(new ArrayBuffer(5), 'model', unread)).blob.size).toBe(5);
  const file = new File(['abc'], 'mine.npz');
  expect(await read(file, 'dataset', unread)).toEqual({ name: 'mine.npz', blob: file });
  expect((await read(new Blob(['abc']), 'dataset', unread)).name).toBe('dataset');
});

test('the progress of several files is one sum', async () => {
  const base = await server((request, response) => response.end(Buffer.alloc(request.url === '/images' ? 300 : 20)));
  const seen: Parameters<Report>[] = [];
  const files = await readDataset(
    {
      kind: 'idx',
      trainImages: `${base}/images`,
      trainLabels: `${base}/labels`,
      testImages: new Uint8Array(100),
      testLabels: new Uint8Array(10),
    },
    (...report) => seen.push(report),
  );
  expect(files.map((file) => file.blob.size)).toEqual([300, 20, 100, 10]);
  expect(seen.at(-1)).toEqual([430, 430]);
  expect(seen[0]?.[1]).toBeUndefined();
});

test('the files of a set come in the order in which the engine takes them', async () => {
  const of = (size: number) => new Uint8Array(size);
  const sizes = async (source: Parameters<typeof readDataset>[0]) =>
    (await readDataset(source, unread)).map((file) => file.blob.size);
  expect(await sizes({ kind: 'cifar10', train: [of(3), of(4)], test: of(5) })).toEqual([3, 4, 5]);
  expect(await sizes({ kind: 'cifar100', train: of(3), test: of(5) })).toEqual([3, 5]);
  expect(await sizes({ kind: 'svhn', train: of(3), test: of(5) })).toEqual([3, 5]);
  const four = { trainImages: of(1), trainLabels: of(2), testImages: of(3), testLabels: of(4) };
  expect(await sizes({ kind: 'stl10', ...four })).toEqual([1, 2, 3, 4]);
  const unknown = { kind: 'tiff', file: of(1) } as unknown as Parameters<typeof readDataset>[0];
  await expect(readDataset(unknown, unread)).rejects.toMatchObject({
    code: 'bad-config',
    message: says(/expected kind 'packed'.*found "tiff"/),
  });
});
