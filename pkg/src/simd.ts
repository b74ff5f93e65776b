/** The engine modules: one for WebGPU, and for the CPU one that any browser runs and one with relaxed SIMD. */
export type ModuleKind = 'webgpu' | 'cpu' | 'cpu-relaxed';

/** A module with a single function, which uses an instruction of relaxed SIMD. */
const probe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15,
  253, 128, 2, 11,
]);

/**
 * The modules for the CPU to try, the fastest first. With relaxed SIMD a multiplication and an addition are one
 * instruction, but a browser without it does not load such a module.
 */
export function cpuModules(
  validate: (bytes: Uint8Array<ArrayBuffer>) => boolean = WebAssembly.validate,
): [ModuleKind, ModuleKind?] {
  return validate(probe) ? ['cpu-relaxed', 'cpu'] : ['cpu'];
}
