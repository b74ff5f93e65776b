import {
  methods,
  settings as runSettings,
  type MethodInfo,
  type MethodName,
  type SettingInfo,
  type SettingKey,
} from 'purge-unlearning';
import type { RunState } from './page-settings';

/** What the package says of a method. */
export function methodInfo(name: MethodName): MethodInfo {
  const found = methods.find((method) => method.name === name);
  if (!found) throw new RangeError(`expected one of ${methods.map((m) => m.name).join(', ')}, found ${name}`);
  return found;
}

/** The settings that a method has, in the table's order. */
export function settingsOf(method: MethodInfo): SettingInfo[] {
  return runSettings.filter((of) => method.settings.includes(of.key));
}

/** Whether the steps of a method report all of these scalars. */
export function reports(method: MethodInfo, ...scalars: string[]): boolean {
  return scalars.every((key) => method.scalars.some((scalar) => scalar.key === key));
}

/**
 * What remains of a run's settings under another method: whatever that one has too. A preset that was not chosen is not kept, or whoever
 * looks at another method would come back to another preset.
 */
export function underMethod({ method: from, preset, overrides }: RunState, name: MethodName): RunState {
  const method = methodInfo(name);
  const chosen = preset !== methodInfo(from).defaultPreset;
  return {
    method: name,
    preset: chosen && method.presets.some((p) => p.name === preset) ? preset : method.defaultPreset,
    overrides: Object.fromEntries(
      Object.entries(overrides).filter(([key]) => method.settings.includes(key as SettingKey)),
    ),
  };
}
