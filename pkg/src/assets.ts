import type { ModuleAddress } from './protocol.js';
import type { DeviceKind } from './types.js';

/**
 * Where the engine module for a device is. Each default address is written out in full, for bundlers find the files
 * they have to emit by this very pattern.
 *
 * @param assets Where the package's `dist` folder is served, relative to the page.
 */
export function moduleAddress(kind: DeviceKind, assets?: string | URL): ModuleAddress {
  if (assets !== undefined) {
    const folder = new URL(String(assets).replace(/\/?$/, '/'), globalThis.document?.baseURI);
    return {
      script: new URL(`${kind}/purge_unlearning.js`, folder).href,
      wasm: new URL(`${kind}/purge_unlearning_bg.wasm`, folder).href,
    };
  }
  return kind === 'cpu'
    ? {
        script: new URL('../dist/cpu/purge_unlearning.js', import.meta.url).href,
        wasm: new URL('../dist/cpu/purge_unlearning_bg.wasm', import.meta.url).href,
      }
    : {
        script: new URL('../dist/webgpu/purge_unlearning.js', import.meta.url).href,
        wasm: new URL('../dist/webgpu/purge_unlearning_bg.wasm', import.meta.url).href,
      };
}
