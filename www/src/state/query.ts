import type { MethodSettings, SettingInfo } from 'purge-unlearning';
import { methodInfo, settingsOf } from './methods';
import { pageSettings, type ChoiceSetting, type ListSetting, type PageState, type State } from './page-settings';

/** The value of a run's setting that `text` stands for; undefined if it is none that the setting can have. */
export function parse(of: SettingInfo, text: string): string | number | boolean | undefined {
  switch (of.kind) {
    case 'choice':
      return of.choices?.find((choice) => choice.value === text)?.value;
    case 'switch':
      return text === '1' ? true : text === '0' ? false : undefined;
    case 'number':
    case 'whole': {
      const value = text.trim() === '' ? NaN : Number(text);
      return inRange(of, value) ? value : undefined;
    }
  }
}

function inRange(of: SettingInfo, value: number): boolean {
  if (!Number.isFinite(value) || (of.kind === 'whole' && !Number.isInteger(value))) return false;
  if (of.zeroIsOff && value === 0) return true;
  const { min = -Infinity, max = Infinity } = of;
  return (of.above ? value > min : value >= min) && (of.below ? value < max : value <= max);
}

function parsePage(of: ChoiceSetting | ListSetting, text: string): string | number[] | undefined {
  if (of.kind === 'choice') return of.choices.find((choice) => choice.value === text)?.value;
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const good = values.every((value) => Number.isInteger(value) && value >= of.min && value <= of.max);
  return good ? [...new Set(values)].sort((a, b) => a - b) : undefined;
}

/** The state that an address stands for. What it does not say, or says wrongly, is the default. */
export function fromQuery(query: string): State {
  const given = new URLSearchParams(query);
  const page = Object.fromEntries(
    pageSettings.map((of) => [of.key, parsePage(of, given.get(of.key) ?? '') ?? of.default]),
  ) as unknown as PageState;
  const method = methodInfo(page.method);
  const preset = method.presets.find(({ name }) => name === given.get('preset'))?.name ?? method.defaultPreset;
  const overrides = Object.fromEntries(
    settingsOf(method)
      .map((of) => [of.key, parse(of, given.get(of.key) ?? '')] as const)
      .filter(([, value]) => value !== undefined),
  ) as MethodSettings;
  return { ...page, preset, overrides };
}

/** The query of an address for a state: only what differs from the defaults. */
export function toQuery(state: State): string {
  const query = new URLSearchParams();
  for (const of of pageSettings) {
    const value = String(state[of.key]);
    if (value !== String(of.default)) query.set(of.key, value);
  }
  const method = methodInfo(state.method);
  if (state.preset !== method.defaultPreset) query.set('preset', state.preset);
  for (const { key } of settingsOf(method)) {
    const value = state.overrides[key];
    if (value !== undefined) query.set(key, typeof value === 'boolean' ? String(Number(value)) : String(value));
  }
  return query.toString();
}
