import type { Pace } from './types/index.js';

/** Images of either side in a small step; a worker's part has as many. */
export const PART = 16;
/** Images of either side in a usual step. */
export const BATCH = 128;
/** What no processor core falls short of for one part of each side, one after the other, in milliseconds. */
const QUICKEST_ROUND = 4;

/** Milliseconds of a step with so many images of either side; undefined where the trial was given up. */
type Trial = (batch: number) => Promise<number | undefined>;

/** What a trial has shown. */
export interface Verdict {
  kind: 'webgpu' | 'cpu';
  pace: Pace;
}

/**
 * Whether the GPU or the CPU takes less for a usual step. What costs little and may decide comes first: a small step on the
 * GPU; the CPU, which has to be downloaded, only where it could be quicker; a usual step on the GPU only where the small one
 * has not settled it.
 *
 * @param workers Of the CPU. A usual step has eight parts of either side, so that they need `8 / workers` rounds of one each.
 * @param cpu Gives `Infinity` where no CPU can be had.
 * @returns Undefined where one of the trials was given up.
 */
export async function quicker(gpu: Trial, cpu: Trial, workers: number): Promise<Verdict | undefined> {
  const rounds = Math.ceil(BATCH / PART / workers);
  const small = await gpu(PART);
  if (small === undefined) return undefined;
  const promising = small <= rounds * QUICKEST_ROUND;
  const early = promising ? await gpu(BATCH) : undefined;
  if (promising && early === undefined) return undefined;
  if (early !== undefined && early <= rounds * QUICKEST_ROUND) return { kind: 'webgpu', pace: { webgpu: early } };

  const round = await cpu(Math.min(PART * workers, BATCH));
  if (round === undefined) return undefined;
  const pool = rounds * round;
  if (small >= pool) return { kind: 'cpu', pace: { webgpu: small, atLeast: true, cpu: pool } };
  const usual = early ?? (await gpu(BATCH));
  if (usual === undefined) return undefined;
  const pace = { webgpu: usual, ...(Number.isFinite(pool) && { cpu: pool }) };
  return { kind: usual <= pool ? 'webgpu' : 'cpu', pace };
}

/** Why it is the CPU. */
export function slowWords({ webgpu, atLeast, cpu = 0 }: Pace): string {
  return `The GPU here needs ${atLeast ? 'more than ' : ''}${shortly(webgpu)} for a step, the CPU ${shortly(cpu)}.`;
}

function shortly(ms: number): string {
  if (ms >= 999.5) return `${Number((ms / 1000).toPrecision(2))} s`;
  return `${ms < 9.95 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}
