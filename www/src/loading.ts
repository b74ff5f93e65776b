import {
  PurgeError,
  type DatasetInfo,
  type DatasetSource,
  type ModelInfo,
  type Samples,
  type Session,
} from 'purge-unlearning';
import { asDataset, type Recognised } from './files';
import { fetchFile, type OnBytes } from './fetching';
import type { PageState } from './state';

/** What a session is to load. */
export interface Found {
  dataset?: DatasetSource;
  model?: File;
  /** The shipped network's name, such as "mnist-group"; its retrained ones go by it. */
  shipped?: string;
  /** The served data set that the server does not have. */
  missing?: 'mnist' | 'pathmnist';
}

/** How the page tells what was fetched so far. */
export type OnPart = (part: 'dataset' | 'model') => OnBytes;

/**
 * The data and the network of a tab that the page serves.
 *
 * @param dropped The official PathMNIST archive, where the visitor brought it.
 * @throws PurgeError `network` if the network is not there or nothing can be fetched.
 */
export async function findServed(
  { dataset: name, size, norm }: Pick<PageState, 'size' | 'norm'> & { dataset: 'mnist' | 'pathmnist' },
  dropped: File | undefined,
  on: OnPart,
): Promise<Found> {
  const whole = name === 'pathmnist' && size === 'whole';
  const path = `data/${name}${name === 'pathmnist' && !whole ? '-light' : ''}.purge`;
  const [file, network] = await Promise.all([
    // The whole set is too large to be held twice.
    dropped ?? fetchFile(path, on('dataset'), !whole),
    fetchNetwork(name, norm, on),
  ]);
  if (!file) return { missing: name };
  return { dataset: { kind: dropped ? 'medmnist' : 'packed', file }, ...network };
}

/** A shipped network. */
export async function fetchNetwork(
  dataset: 'mnist' | 'pathmnist',
  norm: PageState['norm'],
  on: OnPart,
): Promise<{ model: File; shipped: string }> {
  const shipped = `${dataset}-${norm}`;
  const path = `models/${shipped}.safetensors`;
  const model = await fetchFile(path, on('model'));
  if (!model) throw new PurgeError('network', `${path} is not on this server.`);
  return { model, shipped };
}

/** Why there is no retrained network: nobody made it, or the server cannot be reached. */
export type NoRetrained = 'absent' | 'unreachable';

/** The shipped network retrained without these classes. It only serves to compare with, so a missing one is no failure. */
export async function findRetrained(
  shipped: string | undefined,
  without: readonly number[],
): Promise<{ file?: File; missing?: NoRetrained }> {
  try {
    // Those that are shipped lack one class each.
    const file =
      shipped && without.length === 1 && (await fetchFile(`models/${shipped}-without-${without.join()}.safetensors`));
    return file ? { file } : { missing: 'absent' };
  } catch {
    return { missing: 'unreachable' };
  }
}

/** Fetches the retrained networks ahead, as far as there are any, so that the page goes on without a network. */
export async function fetchAhead(shipped: string, classes: number): Promise<void> {
  for (let k = 0; k < classes; k++) {
    const { file } = await findRetrained(shipped, [k]);
    if (!file) return;
  }
}

/** What the visitor's own files make. */
export function findOwn(files: readonly Recognised[]): Found {
  const dataset = asDataset(files);
  const model = files.findLast((f) => f.kind === 'model')?.file;
  return { ...(dataset && { dataset }), ...(model && { model }) };
}

/** The visitor's files with newer ones added: a network replaces a network, a data set a data set. */
export function addFiles(files: readonly Recognised[], added: readonly Recognised[]): Recognised[] {
  const isModel = (f: Recognised) => f.kind === 'model';
  const isWhole = (f: Recognised) => f.kind === 'packed' || f.kind === 'medmnist';
  const isPart = (f: Recognised) => 'format' in f;
  const kept = files.filter((f) => {
    if (isModel(f)) return !added.some(isModel);
    if (isWhole(f)) return !added.some(isWhole) && !added.some(isPart);
    return !added.some(isWhole) && !added.some((a) => a.file.name === f.file.name);
  });
  return [...kept, ...added];
}

/**
 * Checks that a network takes images of a data set and knows as many classes.
 *
 * @throws PurgeError `bad-model` if it does not.
 */
export function checkFit(model: ModelInfo, dataset: DatasetInfo, file: string): void {
  const words = (of: ModelInfo | DatasetInfo) =>
    `${of.channels === 1 ? 'grey' : 'colour'} images of ${of.classNames.length} classes`;
  if (model.channels === dataset.channels && model.classNames.length === dataset.classNames.length) return;
  throw new PurgeError(
    'bad-model',
    `${file}: expected a network for ${words(dataset)}, as ${dataset.name} has, found one for ${words(model)}.`,
  );
}

/** Whether two sources are the same files. */
export function sameDataset(a: DatasetSource | undefined, b: DatasetSource | undefined): boolean {
  const files = (source: DatasetSource | undefined) => Object.values(source ?? {});
  return files(a).length === files(b).length && files(a).every((file, i) => file === files(b)[i]);
}

/** The first images of every class. */
export async function samplesOf(session: Session, classes: number, count: number): Promise<Samples[]> {
  const samples: Samples[] = [];
  for (let k = 0; k < classes; k++) samples.push(await session.samples({ class: k, count }));
  return samples;
}
