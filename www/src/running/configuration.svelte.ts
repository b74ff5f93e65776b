import type { ResolvedConfig, UnlearnConfig } from 'purge-unlearning';
import type { Held } from '../loading/loading.svelte';
import type { Ask } from '../session/connection.svelte';

/** What a run would use now: the settings, with the preset's values in place of those that are not set. */
export class Configuration {
  #resolved: { of: Held; runSettings: UnlearnConfig; preset: ResolvedConfig; full: ResolvedConfig } | undefined =
    $state.raw();

  /** Whether the engine has to be asked. */
  due(of: Held, runSettings: UnlearnConfig): boolean {
    return this.#resolved?.of !== of || JSON.stringify(this.#resolved.runSettings) !== JSON.stringify(runSettings);
  }

  /** What the preset says; undefined until the engine has been asked about this one. */
  preset(of: Held, { method, preset }: UnlearnConfig): ResolvedConfig | undefined {
    return this.#of(of, method, preset)?.preset;
  }

  /** What a run would use, to the engine's newest answer about this preset. */
  full(of: Held, { method, preset }: UnlearnConfig): ResolvedConfig | undefined {
    return this.#of(of, method, preset)?.full;
  }

  async resolve(ask: Ask, of: Held, runSettings: UnlearnConfig): Promise<void> {
    const { forgetClass, method, preset } = runSettings;
    const bare = { forgetClass, ...(method && { method }), ...(preset && { preset }) };
    const ofPreset = await ask((session) => session.resolveConfig(bare));
    const full = await ask((session) => session.resolveConfig(runSettings));
    this.#resolved = { of, runSettings, preset: ofPreset, full };
  }

  #of(of: Held, method: UnlearnConfig['method'], preset: UnlearnConfig['preset']) {
    const resolved = this.#resolved;
    if (!resolved || resolved.of !== of) return undefined;
    return resolved.runSettings.method === method && resolved.runSettings.preset === preset ? resolved : undefined;
  }
}
