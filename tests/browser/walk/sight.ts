import type { Page } from '@playwright/test';

/** All that a visitor sees of the page's state at one moment. */
export interface Sight {
  query: string;
  tab: string;
  /** What the card says of the data and of the network; absent where there is none. */
  title?: string;
  layers?: string;
  tiles: { name: string; chosen: boolean; gone: boolean }[];
  /** The classes of each matrix that is there, by its row heads. */
  matrices: { caption: string; rows: string[] }[];
  /** The choices that are made, by the name of their group. */
  chosen: Record<string, string>;
  /** The run's settings that are typed or switched, by their label; empty while the panel is shut. */
  settings: Record<string, string>;
  alerts: string[];
  status: string;
  /** Whether a run is under way. */
  busy: boolean;
  exportable: boolean;
  images: string;
  network: string;
  /** By how many pixels the page is wider than the window. */
  overflow: number;
}

/** Looks at the page, all at once. */
export function look(page: Page): Promise<Sight> {
  return page.evaluate(() => {
    const text = (element: Element | null | undefined) => element?.textContent?.replace(/\s+/g, ' ').trim() ?? '';
    const all = <E extends Element = Element>(selector: string, of: ParentNode = document) =>
      Array.from(of.querySelectorAll<E>(selector));
    const card = all('details').find((of) => text(of.querySelector('summary')).startsWith('About the data'));
    const fact = (name: string, of: ParentNode | undefined) =>
      of &&
      all('dl > div', of)
        .find((row) => text(row.querySelector('dt')) === name)
        ?.querySelector('dd');
    const panel = document.querySelector('[role=tabpanel]') ?? undefined;
    const tiles = all('fieldset', panel).find((of) => /^Class(es)? to forget$/.test(text(of.querySelector('legend'))));
    const button = (name: string) => all('button').find((of) => text(of) === name);
    const isOn = (of: Element | undefined) => of !== undefined && of.getAttribute('aria-disabled') !== 'true';
    const [title, layers] = [fact('Data', card), fact('Layers', card)];
    return {
      query: location.search,
      tab: text(document.querySelector('[role=tab][aria-selected=true]')),
      ...(title && { title: text(title) }),
      ...(layers && { layers: text(layers) }),
      tiles: (tiles ? all<HTMLInputElement>('input', tiles) : []).map((input) => ({
        name: input.getAttribute('aria-label') ?? '',
        chosen: input.checked,
        gone: /forgotten earlier/.test(text(input.closest('label'))),
      })),
      matrices: all('table')
        .filter((table) => table.querySelector('td[data-row]'))
        .map((table) => ({
          caption: text(table.querySelector('caption')),
          rows: all('tbody th .visually-hidden', table).map((head) => text(head).replace(/, forgotten$/, '')),
        })),
      chosen: Object.fromEntries(
        all<HTMLInputElement | HTMLSelectElement>('input[type=radio]:checked, select[name]').map((input) => [
          input.name,
          input.value,
        ]),
      ),
      settings: Object.fromEntries(
        all('#settings .row').flatMap((row) => {
          const input = row.querySelector<HTMLInputElement | HTMLSelectElement>('input, select');
          // What a field refuses stays in it, and is marked, until something else is typed.
          if (!input || input.ariaInvalid === 'true') return [];
          const value =
            input instanceof HTMLInputElement && input.type === 'checkbox' ? `${input.checked}` : input.value;
          return [[text(row.querySelector('label')), value]];
        }),
      ),
      alerts: all('[role=alert]').map(text),
      status: text(document.querySelector('.status strong')),
      busy: isOn(button('Cancel')),
      exportable: isOn(button('Export network')),
      images: text(fact('Images', panel?.querySelector('.own') ?? undefined)),
      network: text(fact('Network', panel?.querySelector('.own') ?? undefined)),
      overflow: document.documentElement.scrollWidth - innerWidth,
    };
  });
}
