import { PurgeError } from 'purge-unlearning';
import type { PageState } from '../state/page-settings';
import type { FetchFile } from './fetching';
import type { DatasetPart, NetworkPart } from './wanted';

/** A data set that the page comes with. */
export type Served = Exclude<PageState['dataset'], 'own'>;

/** A network that comes with the page. */
export interface Shipped {
  name: Served;
  norm: PageState['norm'];
}

/** The images of a served data set. */
export function servedDataset(name: Served, size: PageState['size'], fetchFile: FetchFile): DatasetPart {
  const whole = name === 'pathmnist' && size === 'whole';
  const file = name === 'pathmnist' && !whole ? 'pathmnist-light' : name;
  return {
    identity: ['served', file, whole],
    ...(!whole && { scored: true }),
    async find(onBytes, signal) {
      const found = await fetchFile(`data/${file}.purge`, { onBytes, ...(whole && { large: { signal } }) });
      return found && { kind: 'packed', file: found };
    },
  };
}

/** The official archive that the visitor brought in place of a served PathMNIST. */
export function archiveDataset(file: File): DatasetPart {
  return { identity: ['archive', file], find: () => Promise.resolve({ kind: 'medmnist', file }) };
}

/** A network that comes with the page, as a part. */
export function shippedNetwork({ name, norm }: Shipped, fetchFile: FetchFile): NetworkPart {
  const shipped = shippedName({ name, norm });
  const path = `models/${shipped}.safetensors`;
  return {
    identity: ['shipped', shipped],
    shipped,
    async find(onBytes) {
      const file = await fetchFile(path, { onBytes });
      if (!file) throw new PurgeError('network', `${path} is not on this server.`);
      return file;
    },
  };
}

/** What a shipped network's file is called, without an ending: "mnist-group". */
export function shippedName({ name, norm }: Shipped): string {
  return `${name}-${norm}`;
}
