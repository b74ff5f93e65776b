import type { MethodName, PresetName } from 'purge-unlearning';
import results from './shadows.json';

/** A share of answers told right, and its 95 % interval. */
export interface ToldApart {
  accuracy: number;
  interval: readonly [number, number];
}

/** What many networks came to of which each learnt half of a class and forgot it, as `purge shadows --collect` has it. */
export interface ShadowResult {
  /** "mnist-group" */
  network: string;
  class: number;
  /** Null where they have yet to forget. */
  method: MethodName | null;
  preset: PresetName | null;
  shadows: number;
  retrains: number;
  /** Images of the class. */
  samples: number;
  privacy: ToldApart | null;
  efficacy: ToldApart | null;
  /** What makes it again. */
  command: string;
}

/** The results for a shipped network and the classes to forget; of most there are none. */
export function shadowsOf(
  shipped: string | undefined,
  classes: readonly number[],
  all = results as unknown as readonly ShadowResult[],
): readonly ShadowResult[] {
  const [only, ...others] = classes;
  if (others.length > 0) return [];
  return all.filter((result) => result.network === shipped && result.class === only);
}
