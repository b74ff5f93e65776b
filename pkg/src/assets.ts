import { badOption } from './checks.js';
import type { ModuleAddress } from './protocol.js';
import type { ModuleKind } from './simd.js';
import type { ShippedName } from './types/index.js';

/** One of the shipped networks. */
export interface Shipped {
  name: ShippedName;
  norm: 'group' | 'batch';
}

/** How many classes there are to leave out, and the data that are small enough for a page. */
const sets: Record<ShippedName, { classes: number; data: string }> = {
  mnist: { classes: 10, data: 'mnist.purge' },
  pathmnist: { classes: 9, data: 'pathmnist-light.purge' },
};

/**
 * The address of the folder that a caller serves the package's files from.
 *
 * @throws PurgeError `bad-config` if it is no address.
 */
export function assetFolder(assets: unknown): URL | undefined {
  if (assets === undefined) return undefined;
  if (typeof assets !== 'string' && !(assets instanceof URL)) throw badOption('assets', 'an address', assets);
  try {
    return new URL(String(assets).replace(/\/?$/, '/'), globalThis.document?.baseURI ?? globalThis.location?.href);
  } catch {
    throw badOption('assets', 'an address', assets);
  }
}

/**
 * Where an engine module is. Each default address is written out in full, for bundlers find the files
 * they have to emit by this very pattern.
 *
 * @param folder The caller's own folder.
 */
export function moduleAddress(kind: ModuleKind, folder?: URL): ModuleAddress {
  if (folder) {
    return {
      script: new URL(`${kind}/purge_unlearning.js`, folder).href,
      wasm: new URL(`${kind}/purge_unlearning_bg.wasm`, folder).href,
    };
  }
  switch (kind) {
    case 'cpu':
      return {
        script: new URL('../dist/cpu/purge_unlearning.js', import.meta.url).href,
        wasm: new URL('../dist/cpu/purge_unlearning_bg.wasm', import.meta.url).href,
      };
    case 'cpu-relaxed':
      return {
        script: new URL('../dist/cpu-relaxed/purge_unlearning.js', import.meta.url).href,
        wasm: new URL('../dist/cpu-relaxed/purge_unlearning_bg.wasm', import.meta.url).href,
      };
    case 'webgpu':
      return {
        script: new URL('../dist/webgpu/purge_unlearning.js', import.meta.url).href,
        wasm: new URL('../dist/webgpu/purge_unlearning_bg.wasm', import.meta.url).href,
      };
  }
}

/** The file of a shipped network, or of the one retrained without a class. */
export function networkFile({ name, norm }: Shipped, without?: number): string {
  return `${name}-${norm}${without === undefined ? '' : `-without-${without}`}.safetensors`;
}

/** The file of a shipped dataset. */
export function dataFile(name: ShippedName): string {
  return sets[name].data;
}

/** Where a shipped network is. */
export function networkAddress(shipped: Shipped, folder?: URL): URL {
  return (!folder && packaged(shipped)) || new URL(`models/${networkFile(shipped)}`, folder ?? besideModule());
}

/** Where the shipped network retrained without a class is; undefined where there is no such class. */
export function retrainedAddress(shipped: Shipped, without: number, folder?: URL): URL | undefined {
  if (without >= sets[shipped.name].classes) return undefined;
  const inPackage = folder ? undefined : packagedRetrained(shipped)?.[without];
  return inPackage ?? new URL(`models/${networkFile(shipped, without)}`, folder ?? besideModule());
}

/** Where a shipped dataset is. */
export function dataAddress(name: ShippedName, folder?: URL): URL {
  if (!folder && name === 'mnist') return new URL('../assets/data/mnist.purge', import.meta.url);
  return new URL(`data/${dataFile(name)}`, folder ?? besideModule());
}

/** The folder where the package's files would be, for those that the package does not have and no bundler finds. */
function besideModule(): URL {
  const here = import.meta.url;
  return new URL('../assets/', here);
}

function packaged({ name, norm }: Shipped): URL | undefined {
  if (name !== 'mnist') return undefined;
  return norm === 'group'
    ? new URL('../assets/models/mnist-group.safetensors', import.meta.url)
    : new URL('../assets/models/mnist-batch.safetensors', import.meta.url);
}

/** The networks retrained without a class, by the class. */
function packagedRetrained({ name, norm }: Shipped): URL[] | undefined {
  if (name !== 'mnist') return undefined;
  return norm === 'group'
    ? [
        new URL('../assets/models/mnist-group-without-0.safetensors', import.meta.url),
        new URL('../assets/models/mnist-group-without-1.safetensors', import.meta.url),
        new URL('../assets/models/mnist-group-without-2.safetensors', import.meta.url),
        new URL('../assets/models/mnist-group-without-3.safetensors', import.meta.url),
        new URL('../assets/models/mnist-group-without-4.safetensors', import.meta.url),
        new URL('../assets/models/mnist-group-without-5.safetensors', import.meta.url),
        new URL('../assets/models/mnist-group-without-6.safetensors', import.meta.url),
        new URL('../assets/models/mnist-group-without-7.safetensors', import.meta.url),
        new URL('../assets/models/mnist-group-without-8.safetensors', import.meta.url),
        new URL('../assets/models/mnist-group-without-9.safetensors', import.meta.url),
      ]
    : [
        new URL('../assets/models/mnist-batch-without-0.safetensors', import.meta.url),
        new URL('../assets/models/mnist-batch-without-1.safetensors', import.meta.url),
        new URL('../assets/models/mnist-batch-without-2.safetensors', import.meta.url),
        new URL('../assets/models/mnist-batch-without-3.safetensors', import.meta.url),
        new URL('../assets/models/mnist-batch-without-4.safetensors', import.meta.url),
        new URL('../assets/models/mnist-batch-without-5.safetensors', import.meta.url),
        new URL('../assets/models/mnist-batch-without-6.safetensors', import.meta.url),
        new URL('../assets/models/mnist-batch-without-7.safetensors', import.meta.url),
        new URL('../assets/models/mnist-batch-without-8.safetensors', import.meta.url),
        new URL('../assets/models/mnist-batch-without-9.safetensors', import.meta.url),
      ];
}
