import type { ElementHandle, Page } from '@playwright/test';
import type { Lot } from './lot';

/** Something on the page that can be acted on. */
export interface Target {
  kind: 'run' | 'tab' | 'tile' | 'choice' | 'field' | 'switch' | 'select' | 'button' | 'link' | 'cell';
  name: string;
  /** It says of itself that it does nothing now. */
  off: boolean;
  /** Among what `targets` found. */
  at: number;
}

declare global {
  var walkTargets: HTMLElement[];
}

/** Finds all that a visitor could click or type into, wherever on the page it is. */
export function targets(page: Page): Promise<Target[]> {
  return page.evaluate(() => {
    const text = (element: Element | null) => element?.textContent?.replace(/\s+/g, ' ').trim() ?? '';
    const run =
      /^(Forget |Pause|Resume|Step|Cancel|Reset|Start again|Look again|Take the one|Use the .* network|Load them|Leave them|Stop (comparing|attacking))/;
    function kindOf(element: HTMLElement): Target['kind'] {
      if (element.role === 'tab' || element.getAttribute('role') === 'tab') return 'tab';
      if (element instanceof HTMLInputElement) {
        if (element.name === 'class') return 'tile';
        if (element.type === 'radio') return 'choice';
        return element.type === 'checkbox' ? 'switch' : 'field';
      }
      if (element instanceof HTMLSelectElement) return 'select';
      if (element instanceof HTMLTableCellElement) return 'cell';
      if (element instanceof HTMLAnchorElement) return 'link';
      return run.test(text(element)) ? 'run' : 'button';
    }
    function nameOf(element: HTMLElement): string {
      if (element instanceof HTMLInputElement && element.type === 'radio') return `${element.name}=${element.value}`;
      const label = element.getAttribute('aria-label') ?? text(document.querySelector(`label[for="${element.id}"]`));
      if (element instanceof HTMLTableCellElement) {
        return [
          text(element.closest('table')?.querySelector('caption') ?? null),
          element.dataset['row'],
          element.dataset['column'],
        ].join(' ');
      }
      return label || text(element).replace(/\d[\d,.\u202f ]*/g, '#');
    }
    globalThis.walkTargets = Array.from(
      document.querySelectorAll<HTMLElement>(
        'button, summary, a[href^="#"], select, td[data-row], input:not([type=file])',
      ),
    ).filter((element) => element.checkVisibility() && !element.matches(':disabled'));
    return walkTargets.map((element, at) => ({
      kind: kindOf(element),
      name: nameOf(element),
      off: element.getAttribute('aria-disabled') === 'true',
      at,
    }));
  });
}

/** One that was found. */
export function handleOf(page: Page, { at }: Target): Promise<ElementHandle<HTMLElement>> {
  return page.evaluateHandle((at) => walkTargets[at] as HTMLElement, at) as Promise<ElementHandle<HTMLElement>>;
}

/** Any number of a kind that a setting may take or refuse, in small sizes: the walk shall not wait for its own batches. */
export function typed(lot: Lot, field: string): string {
  const silly = ['', '-1', 'NaN', 'abc', '1e999', '0x10', '∞', '1,5', '9007199254740993', '-0', '1e-400', '..'];
  const sane = /^(Batch size|Images at once)/.test(field)
    ? ['1', '2', '8', '16', ' 4 ']
    : ['0', '1', '2', '3', '5', '0.5', '0.9', '0.02', '0.001', '10', '100', '1e6', ' 7 ', '50', '1e-3'];
  return lot.number() < 0.35 ? lot.word(...silly) : lot.word(...sane);
}
