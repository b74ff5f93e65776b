import { session } from './session.svelte';
import { settings } from './settings.svelte';
import { toQuery } from './query';

/** Everything about the last run, as one object for a file. */
export function report(): object {
  const { device, model, dataset, runConfig, before, after, retrained, result, trace } = session;
  return {
    format: 'purge-report 1',
    made: new Date().toISOString(),
    settings: toQuery(settings),
    device,
    model,
    dataset,
    config: runConfig,
    before,
    after,
    retrained: retrained ?? null,
    stop: result?.stop,
    steps: result?.steps,
    seconds: result?.seconds,
    violations: result?.violations,
    events: trace.events,
  };
}

/** What exported files are called, without an ending: "mnist-group-without-3-unlearnt". */
export function exportName(): string {
  const name = session.dataset?.name.replace(/[^\w-]+/g, '-') ?? 'network';
  return `${name}-${session.model?.norm ?? 'group'}-class-${[...session.gone, ...settings.class].join('-')}-unlearnt`;
}

/** Hands a file to the visitor. */
export function save(name: string, content: BlobPart, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The download has to have begun before the address goes.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
