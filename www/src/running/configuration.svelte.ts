import type { ResolvedConfig, UnlearnConfig } from 'purge-unlearning';
import type { Held } from '../loading/loading.svelte';
import type { Ask } from '../session/connection.svelte';

/** What a run would use now: the settings, with the preset's values in place of those that are not set. */
export class Configuration {
  #resolved: { of: Held; asked: UnlearnConfig; preset: ResolvedConfig; full: ResolvedConfig } | undefined =
    $state.raw();

  /** Whether the engine has to be asked. */
  due(of: Held, asked: UnlearnConfig): boolean {
    return this.#resolved?.of !== of || JSON.stringify(this.#resolved.asked) !== JSON.stringify(asked);
  }

  /** What the preset says; undefined until the engine has been asked about this one. */
  preset(of: Held, { method, preset }: UnlearnConfig): ResolvedConfig | undefined {
    return this.#of(of, method, preset)?.preset;
  }

  /** What a run would use, to the engine's newest answer about this preset. */
  full(of: Held, { method, preset }: UnlearnConfig): ResolvedConfig | undefined {
    return this.#of(of, method, preset)?.full;
  }

  async resolve(ask: Ask, of: Held, asked: UnlearnConfig): Promise<void> {
    const { forgetClass, method, preset } = asked;
    const bare = { forgetClass, ...(method && { method }), ...(preset && { preset }) };
    const ofPreset = await ask((session) => session.resolveConfig(bare));
    const full = await ask((session) => session.resolveConfig(asked));
    this.#resolved = { of, asked, preset: ofPreset, full };
  }

  #of(of: Held, method: UnlearnConfig['method'], preset: UnlearnConfig['preset']) {
    const resolved = this.#resolved;
    if (!resolved || resolved.of !== of) return undefined;
    return resolved.asked.method === method && resolved.asked.preset === preset ? resolved : undefined;
  }
}
