import type { FetchFile } from '../loading/fetching';

/** Why there is no retrained network: nobody made it, the server cannot be reached, or its file is no good. */
export type NoRetrained = 'absent' | 'unreachable' | 'unusable';

/** Whether there may be a network retrained without these classes: those that are shipped lack one class each. */
export function mayBeRetrained(shipped: string | undefined, without: readonly number[]): shipped is string {
  return shipped !== undefined && without.length === 1;
}

/** The shipped network retrained without these classes. It only serves to compare with, so a missing one is no failure. */
export async function findRetrained(
  shipped: string | undefined,
  without: readonly number[],
  fetchFile: FetchFile,
): Promise<File | NoRetrained> {
  if (!mayBeRetrained(shipped, without)) return 'absent';
  return findNetwork(retrainedName(shipped, without), fetchFile);
}

/** A retrained network by its name. */
export async function findNetwork(name: string, fetchFile: FetchFile): Promise<File | NoRetrained> {
  try {
    return (await fetchFile(`models/${name}.safetensors`)) ?? 'absent';
  } catch {
    return 'unreachable';
  }
}

/** What the file of a retrained network is called, without an ending: "mnist-group-without-3". */
export function retrainedName(shipped: string, without: readonly number[]): string {
  return `${shipped}-without-${without.join('-')}`;
}

/** Of these classes, networks were retrained from further seeds: how far the yardstick itself goes. */
const seededClasses: Record<string, readonly number[]> = { mnist: [3, 8], pathmnist: [0, 2] };
const furtherSeeds = [1, 2] as const;

/** What the networks from further seeds are called: "mnist-group-without-3-seed-1"; of most classes there are none. */
export function furtherNames(shipped: string, without: readonly number[]): string[] {
  const [data = ''] = shipped.split('-');
  const seeded = without.length === 1 && without.every((k) => seededClasses[data]?.includes(k));
  return seeded ? furtherSeeds.map((seed) => `${retrainedName(shipped, without)}-seed-${seed}`) : [];
}

/** Fetches the retrained networks ahead, and their scores, as far as there are any, so that the page goes on without a network. */
export async function fetchAhead(shipped: string, classes: number, fetchFile: FetchFile): Promise<void> {
  for (let k = 0; k < classes; k++) {
    if (!((await findRetrained(shipped, [k], fetchFile)) instanceof File)) return;
    await fetchFile(`models/${retrainedName(shipped, [k])}.scores`).catch(() => undefined);
  }
}
