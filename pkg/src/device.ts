import { messageOf } from './errors.js';
import type { DeviceChoice } from './protocol.js';

/** The part of a `GPUAdapter` that is looked at. */
export interface Adapter {
  readonly features: { has(name: string): boolean };
  readonly limits: object;
  readonly info?: {
    readonly vendor?: string;
    readonly architecture?: string;
    readonly description?: string;
    readonly isFallbackAdapter?: boolean;
  };
  readonly isFallbackAdapter?: boolean;
}

/** The part of `navigator.gpu` that is looked at. */
export interface Gpu {
  requestAdapter(options?: { powerPreference?: 'high-performance' }): Promise<Adapter | null>;
}

/** Where to look: what a worker's global scope offers. */
export interface Surroundings {
  gpu: Gpu | undefined;
  isSecureContext: boolean;
}

/** The kernels' own needs; every adapter of full WebGPU has them, one in compatibility mode may not. */
const neededLimits = {
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupStorageSize: 16 * 1024,
  maxStorageBuffersPerShaderStage: 8,
  maxStorageBufferBindingSize: 128 * 1024 * 1024,
} as const;

/**
 * Whether WebGPU can run the engine here, found out before its module is downloaded: the engine itself cannot refuse
 * an unfit adapter, it would only stop.
 *
 * @param software Whether an adapter that computes on the CPU will do. It is many times slower than the CPU module.
 */
export async function detectDevice({ gpu, isSecureContext }: Surroundings, software: boolean): Promise<DeviceChoice> {
  if (!gpu) {
    return cpu(
      isSecureContext ? 'This browser has no WebGPU.' : 'WebGPU needs a page served over https or from localhost.',
    );
  }
  let adapter: Adapter | null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  } catch (error) {
    return cpu(`The browser gave no graphics adapter (${messageOf(error)}).`);
  }
  if (!adapter) {
    return cpu(
      'The browser has WebGPU but offers no graphics adapter; it may be switched off or the driver not supported.',
    );
  }
  if (!adapter.features.has('timestamp-query')) {
    return cpu('The graphics adapter has no timestamp queries, which the engine needs.');
  }
  const limits = adapter.limits as Partial<Record<string, number>>;
  for (const [name, needed] of Object.entries(neededLimits)) {
    const found = limits[name] ?? 0;
    if (found < needed)
      return cpu(`The graphics adapter is too small: ${name} is ${found}, the engine needs ${needed}.`);
  }
  if (!software && (adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter)) {
    return cpu('The only graphics adapter here is a software one, which is slower than computing on the CPU directly.');
  }
  const { vendor, architecture, description } = adapter.info ?? {};
  // Most browsers say no more than maker and family, so that a visitor cannot be told by the graphics card.
  const name = description || [vendor, architecture].filter(Boolean).join(' ');
  return { kind: 'webgpu', ...(name && { name }) };
}

function cpu(reason: string): DeviceChoice {
  return { kind: 'cpu', reason };
}
