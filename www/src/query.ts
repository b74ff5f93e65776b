import {
  pageSettings,
  runSettings,
  type ChoiceSetting,
  type ListSetting,
  type NumberSetting,
  type Overrides,
  type PageState,
  type RunSetting,
  type State,
  type SwitchSetting,
} from './state';

const allRunSettings: readonly RunSetting[] = runSettings.flatMap((group) => group.settings as readonly RunSetting[]);

type AnySetting = ChoiceSetting | NumberSetting | ListSetting | SwitchSetting;

/** The value that `text` stands for; undefined if it is none that the setting can have. */
export function parse(of: RunSetting, text: string): string | number | boolean | undefined;
export function parse(of: AnySetting, text: string): string | number | boolean | number[] | undefined;
export function parse(of: AnySetting, text: string): string | number | boolean | number[] | undefined {
  switch (of.kind) {
    case 'choice':
      return of.choices.find((choice) => choice.value === text)?.value;
    case 'switch':
      return text === '1' ? true : text === '0' ? false : undefined;
    case 'list': {
      const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
      const good = values.every((value) => Number.isInteger(value) && value >= of.min && value <= of.max);
      return good ? [...new Set(values)].sort((a, b) => a - b) : undefined;
    }
    case 'number': {
      const value = text.trim() === '' ? NaN : Number(text);
      if (!(value >= of.min && value <= of.max)) return undefined;
      return of.whole && !Number.isInteger(value) ? undefined : value;
    }
  }
}

/** The state that an address stands for. What it does not say, or says wrongly, is the default. */
export function fromQuery(query: string): State {
  const given = new URLSearchParams(query);
  const value = (of: AnySetting) => {
    const text = given.get(of.key);
    return text === null ? undefined : parse(of, text);
  };
  const page = Object.fromEntries(pageSettings.map((of) => [of.key, value(of) ?? of.default]));
  const overrides = Object.fromEntries(
    allRunSettings.map((of) => [of.key, value(of)] as const).filter(([, v]) => v !== undefined),
  );
  return { ...(page as unknown as PageState), overrides: overrides as Overrides };
}

/** The query of an address for a state: only what differs from the defaults. */
export function toQuery(state: State): string {
  const query = new URLSearchParams();
  for (const of of pageSettings) {
    const value = String(state[of.key]);
    if (value !== String(of.default)) query.set(of.key, value);
  }
  for (const of of allRunSettings) {
    const value = state.overrides[of.key as keyof Overrides];
    if (value !== undefined) query.set(of.key, typeof value === 'boolean' ? String(Number(value)) : String(value));
  }
  return query.toString();
}
