import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import type { Report } from '../src/download.js';
import { checkedDataset, checkedSource, read, readDataset } from '../src/sources.js';
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
  const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(7);
  const { blob } = await read(shared, 'model', unread);
  expect(new Uint8Array(await blob.arrayBuffer())).toEqual(new Uint8Array([7, 7, 7]));
  const file = new File(['abc'], 'path.npz');
  expect(await read(file, 'dataset', unread)).toEqual({ name: 'path.npz', blob: file });
  expect((await read(new Blob(['abc']), 'dataset', unread)).name).toBe('dataset');
});

test('the progress of several files is one sum', async () => {
  const base = await server((request, response) => response.end(Buffer.alloc(request.url === '/images' ? 300 : 20)));
  const seen: Parameters<Report>[] = [];
  const parts = checkedDataset({
    kind: 'idx',
    trainImages: `${base}/images`,
    trainLabels: `${base}/labels`,
    testImages: new Uint8Array(100),
    testLabels: new Uint8Array(10),
  });
  const { files } = await readDataset(parts, (...report) => seen.push(report));
  expect(files.map((file) => file.blob.size)).toEqual([300, 20, 100, 10]);
  expect(seen.at(-1)).toEqual([430, 430]);
  expect(seen[0]?.[1]).toBeUndefined();
});

test('the files of a set come in the order in which the engine takes them', async () => {
  const of = (size: number) => new Uint8Array(size);
  const sizes = async (source: object) =>
    (await readDataset(checkedDataset(source), unread)).files.map((file) => file.blob.size);
  expect(await sizes({ kind: 'packed', file: of(7) })).toEqual([7]);
  expect(await sizes({ test: of(5), train: [of(3), of(4)], kind: 'cifar10' })).toEqual([3, 4, 5]);
  expect(await sizes({ kind: 'cifar100', train: of(3), test: of(5) })).toEqual([3, 5]);
  expect(await sizes({ kind: 'svhn', train: of(3), test: of(5) })).toEqual([3, 5]);
  const four = { testLabels: of(4), trainLabels: of(2), testImages: of(3), trainImages: of(1) };
  expect(await sizes({ kind: 'stl10', ...four })).toEqual([1, 2, 3, 4]);
});

const bytes = new Uint8Array(1);
const useless: [string, unknown, string | RegExp][] = [
  ['nothing', undefined, 'dataset: expected an object with kind and files, found undefined'],
  ['an address', '/data/mnist.purge', /^dataset: expected an object with kind and files, found "\/data/],
  ['an unknown kind', { kind: 'tiff', file: bytes }, /expected kind 'packed', .* or 'svhn', found "tiff"$/],
  ['a name that every object has', { kind: 'constructor', file: bytes }, /expected kind .*, found "constructor"$/],
  ['a missing file', { kind: 'packed' }, 'dataset.file: expected an address, bytes or a Blob, found undefined'],
  [
    'a missing one of four',
    { kind: 'idx', trainImages: bytes, trainLabels: bytes, testImages: bytes },
    /^dataset\.testLabels: expected an address, bytes or a Blob, found undefined$/,
  ],
  ['a file of no use', { kind: 'svhn', train: 3, test: bytes }, /^dataset\.train: expected .*, found 3$/],
  ['several files where one belongs', { kind: 'svhn', train: [bytes], test: bytes }, /^dataset\.train: .*a list$/],
  ['one of several of no use', { kind: 'cifar10', train: [bytes, null], test: bytes }, /^dataset\.train\[1\]: .*null$/],
  ['no file among several', { kind: 'cifar10', train: [], test: bytes }, /^dataset\.train: expected one file or more/],
  ['a misspelt option', { kind: 'packed', flie: bytes }, 'dataset: there is no option "flie"; there is kind, file'],
];

test.each(useless)('%s is no dataset', (_, source, message) => {
  let thrown: unknown;
  try {
    checkedDataset(source);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    name: 'PurgeError',
    code: 'bad-config',
    message: typeof message === 'string' ? message : says(message),
  });
});

test.each([
  [undefined, 'undefined'],
  ['', '""'],
  [{ name: 'a.safetensors' }, 'an object'],
  [new Float32Array(3), 'a Float32Array'],
  [() => bytes, 'a function'],
  [Symbol('file'), 'a symbol'],
])('%s is no source', (source, found) => {
  expect(() => checkedSource('model', source)).toThrow(`model: expected an address, bytes or a Blob, found ${found}`);
});
