import type { MethodInfo, MethodName, MethodSettings, PresetName } from 'purge-unlearning';
import { figures } from '../presenting/format';
import { methodInfo } from '../state/methods';
import type { RunState } from '../state/page-settings';

/** A run of a comparison. */
export type Entry = RunState;

/** Methods that switch the class's output off: their forget accuracy is 0 by construction. */
const masking: readonly MethodName[] = ['deep'];

/** Whether the forget accuracy of such a run says nothing. */
export function isMasked({ method }: Pick<Entry, 'method'>): boolean {
  return masking.includes(method);
}

/** Whether such a run is what all others are held against, and no rival of theirs. */
export function isYardstick({ method }: Pick<Entry, 'method'>): boolean {
  return method === 'retrain';
}

/** The forget accuracies, in percent, that a sweep stops at. */
export const sweepTargets = [1, 5, 10, 20, 30] as const;

/** Of these methods more than the default preset takes part. */
const presetsOf: Partial<Record<MethodName, readonly PresetName[]>> = { purge: ['published', 'strict'] };

/** One run of every method, as its presets have it. */
export function allEntries(methods: readonly MethodInfo[]): Entry[] {
  return methods.flatMap(({ name, defaultPreset, presets }) =>
    (presetsOf[name] ?? [defaultPreset])
      .filter((preset) => presets.some((of) => of.name === preset))
      .map((preset) => ({ method: name, preset, overrides: {} })),
  );
}

/** Whether a method stops at a forget accuracy that can be set. */
export function canSweep({ settings }: Pick<MethodInfo, 'settings'>): boolean {
  return settings.includes('targetForgetAccuracy');
}

/** The run that is set up, once for each target. */
export function sweepEntries({ method, preset, overrides }: RunState): Entry[] {
  return sweepTargets.map((target) => ({
    method,
    preset,
    overrides: { ...overrides, targetForgetAccuracy: target },
  }));
}

/** Alike for the same run. */
export function entryKey({ method, preset, overrides }: Entry): string {
  return [method, preset, ...sorted(overrides).map(([key, value]) => `${key}=${value}`)].join(' ');
}

/** Alike for runs that differ in their target only. */
export function sweepKey({ overrides, ...rest }: Entry): string {
  const others: MethodSettings = { ...overrides };
  delete others.targetForgetAccuracy;
  return entryKey({ ...rest, overrides: others });
}

/** "PURGE, strict", "SCRUB", "PURGE, strict, target 5 %" */
export function entryTitle(entry: Entry): string {
  return [...nameOf(entry), ...changesOf(entry)].join(', ');
}

/** The same without the target. */
export function sweepTitle(entry: Entry): string {
  return nameOf(entry).join(', ');
}

function nameOf({ method, preset }: Entry): string[] {
  const { title, presets, defaultPreset } = methodInfo(method);
  const label = presets.find(({ name }) => name === preset)?.label.toLowerCase() ?? preset;
  return presetsOf[method] || preset !== defaultPreset ? [title, label] : [title];
}

function changesOf({ overrides }: Entry): string[] {
  const { targetForgetAccuracy: target } = overrides;
  const others = sorted(overrides).filter(([key]) => key !== 'targetForgetAccuracy').length;
  return [
    ...(target === undefined ? [] : [`target ${figures(target)}\u202f%`]),
    ...(others === 0 ? [] : ['own settings']),
  ];
}

function sorted(overrides: MethodSettings): [string, string | number | boolean][] {
  return Object.entries(overrides)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => a.localeCompare(b));
}
