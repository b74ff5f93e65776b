import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fetchFile } from './fetching';

let answers: Map<string, () => Response>;

beforeEach(() => {
  answers = new Map();
  vi.stubGlobal('document', { baseURI: 'https://example.org/page/' });
  vi.stubGlobal('fetch', async (address: URL, { signal }: { signal?: AbortSignal } = {}) => {
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    const answer = answers.get(address.href.replace('https://example.org/page/', ''));
    if (!answer) throw new TypeError('offline');
    return answer();
  });
});
afterEach(() => vi.unstubAllGlobals());

const bytes = (length: number) => () =>
  new Response(new Uint8Array(length), { headers: { 'content-length': String(length) } });

it('a file is fetched once, and whoever asks hears how far it is', async () => {
  answers.set('a/set.purge', bytes(5));
  const [first, second] = [vi.fn(), vi.fn()];
  const [one, two] = await Promise.all([
    fetchFile('a/set.purge', { onBytes: first }),
    fetchFile('a/set.purge', { onBytes: second }),
  ]);
  expect([one?.name, one?.size, two === one]).toEqual(['set.purge', 5, true]);
  answers.clear();
  expect(await fetchFile('a/set.purge')).toBe(one);
  expect(first).toHaveBeenLastCalledWith(5, 5);
  expect(second).toHaveBeenLastCalledWith(5, 5);
});

it('a file that is not there is undefined, and is asked for again the next time', async () => {
  answers.set('b', () => new Response('', { status: 404 }));
  expect(await fetchFile('b')).toBeUndefined();
  answers.set('b', () => new Response('<p>', { headers: { 'content-type': 'text/html' } }));
  expect(await fetchFile('b')).toBeUndefined();
  answers.set('b', bytes(1));
  expect((await fetchFile('b'))?.size).toBe(1);
});

it('a server that cannot be reached, or fails, is an error that names the file', async () => {
  await expect(fetchFile('c')).rejects.toMatchObject({ code: 'network', message: 'c could not be fetched (offline).' });
  answers.set('c', () => new Response('', { status: 500 }));
  await expect(fetchFile('c')).rejects.toThrow('the server answered 500');
});

it('a large file is not kept, and its download can be ended', async () => {
  answers.set('d', bytes(3));
  const { signal } = new AbortController();
  expect((await fetchFile('d', { large: { signal } }))?.size).toBe(3);
  const end = new AbortController();
  const fetching = fetchFile('d', { large: { signal: end.signal } });
  end.abort();
  await expect(fetching).rejects.toMatchObject({ code: 'cancelled' });
});
