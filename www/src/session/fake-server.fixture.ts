import type { FetchFile } from '../loading/fetching';
import { turn } from './fake-session.fixture';

/**
 * A file of a network or of data: `kind channels classes`, as in "model 1 10". The files of a set of images are such texts too.
 *
 * @param forgotten Classes that the network was made to forget.
 */
export function fakeFile(
  name: string,
  kind: 'model' | 'data',
  channels: number,
  classes: number,
  forgotten = '',
): File {
  return new File([`${kind} ${channels} ${classes} ${forgotten}`.trimEnd()], name);
}

/** The files beside the page, and how often each was fetched. */
export function fakeServer() {
  const fetched: string[] = [];
  const absent = new Set<string>();
  const held = new Map<string, Promise<void>>();
  const files = new Map<string, File>();
  for (const norm of ['group', 'batch']) {
    files.set(`models/mnist-${norm}.safetensors`, fakeFile(`mnist-${norm}.safetensors`, 'model', 1, 10));
    files.set(`models/pathmnist-${norm}.safetensors`, fakeFile(`pathmnist-${norm}.safetensors`, 'model', 3, 9));
    const without = `mnist-${norm}-without-3.safetensors`;
    files.set(`models/${without}`, fakeFile(without, 'model', 1, 10));
  }
  files.set('data/mnist.purge', fakeFile('mnist.purge', 'data', 1, 10));
  files.set('data/pathmnist-light.purge', fakeFile('pathmnist-light.purge', 'data', 3, 9));
  files.set('data/pathmnist.purge', fakeFile('pathmnist.purge', 'data', 3, 9));
  const fetchFile: FetchFile = async (path) => {
    fetched.push(path);
    await held.get(path);
    await turn();
    return absent.has(path) ? undefined : files.get(path);
  };
  return { fetched, absent, held, files, fetchFile };
}
