import type { DatasetSource } from 'purge-unlearning';
import type { PageState } from '../state/page-settings';
import { asDataset } from './dataset-files';
import type { FetchFile, OnBytes } from './fetching';
import type { Recognised } from './recognise';
import { archiveDataset, servedDataset, shippedNetwork, type Shipped } from './served';

/** A network or a data set that can be told from others before it is there. */
export interface Part<Source> {
  /** Two parts whose identities have the same members are the same. */
  identity: readonly unknown[];
  /** Gets it; undefined where the server does not have it. `signal`: nobody wants it any more. */
  find(onBytes: OnBytes, signal: AbortSignal): Promise<Source | undefined>;
}

export interface DatasetPart extends Part<DatasetSource> {
  /** The page comes with evaluations of its networks on just these images. */
  scored?: true;
}

export interface NetworkPart extends Part<File> {
  /** A shipped network's name, such as "mnist-group"; its retrained ones go by it. */
  shipped?: string;
}

/** What the visitor wants the engine to hold. */
export interface Wanted {
  dataset?: DatasetPart;
  model?: NetworkPart;
}

/** What the visitor brought along. */
export interface Brought {
  /** For "Your own". */
  files: readonly Recognised[];
  /** A shipped network for them, in place of one of the visitor's. */
  borrowed?: Shipped | undefined;
  /** The official PathMNIST archive. */
  archive?: File | undefined;
}

/** What the settings, and the files that the visitor brought, ask for. */
export function wantedBy(
  { dataset, size, norm }: Pick<PageState, 'dataset' | 'size' | 'norm'>,
  { files, borrowed, archive }: Brought,
  fetchFile: FetchFile,
): Wanted {
  if (dataset === 'own') {
    const images = ownDataset(files);
    const model = borrowed ? shippedNetwork(borrowed, fetchFile) : ownNetwork(files);
    return { ...(images && { dataset: images }), ...(model && { model }) };
  }
  return {
    dataset:
      dataset === 'pathmnist' && size === 'whole' && archive
        ? archiveDataset(archive)
        : servedDataset(dataset, size, fetchFile),
    model: shippedNetwork({ name: dataset, norm }, fetchFile),
  };
}

function ownDataset(files: readonly Recognised[]): DatasetPart | undefined {
  const source = asDataset(files);
  return source && { identity: Object.values(source).flat(), find: async () => source };
}

function ownNetwork(files: readonly Recognised[]): NetworkPart | undefined {
  const file = files.findLast((f) => f.kind === 'model')?.file;
  return file && { identity: [file], find: async () => file };
}

/** Whether two parts are the same. */
export function same(a: Part<unknown> | undefined, b: Part<unknown> | undefined): boolean {
  if (!a || !b) return false;
  return a.identity.length === b.identity.length && a.identity.every((of, i) => of === b.identity[i]);
}
