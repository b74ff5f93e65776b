import type { Comparison } from '../comparing/comparison.svelte';
import { session, shown } from '../session';
import { toQuery } from '../state/query';

/** Everything that is shown of the run, the attacks and the comparison, as one object for a file. */
export function report(): object {
  const { model, dataset, run, before, after, retrained, result, trace, siege, comparison } = shown;
  return {
    format: 'purge-report 1',
    made: new Date().toISOString(),
    settings: toQuery(session.settings),
    device: session.connection.device,
    model,
    dataset,
    config: run?.config,
    before,
    after,
    retrained: retrained ?? null,
    storedOn: shown.storedOn,
    stop: result?.stop,
    steps: result?.steps,
    networkStep: result?.networkStep,
    seconds: result?.seconds,
    violations: result?.violations,
    events: trace.events,
    attacks: siege?.trials.flatMap(({ target, report }) => (report ? [{ network: target.network, ...report }] : [])),
    comparison: comparison && comparisonOf(comparison),
  };
}

function comparisonOf({ runs, yardsticks }: Comparison): object {
  return {
    yardsticks,
    runs: runs.map(({ entry, state, message, evaluation, stop, seconds, judgement }) => ({
      ...entry,
      state,
      ...(message && { message }),
      evaluation,
      stop,
      seconds,
      attacks: judgement,
    })),
  };
}

/** What exported files are called, without an ending: "mnist-group-class-3-unlearnt". */
export function exportName(): string {
  const name = shown.dataset?.name.replace(/[^\w-]+/g, '-') ?? 'network';
  const classes = [...shown.forgottenEarlier, ...shown.classes];
  return `${name}-${shown.model?.norm ?? 'group'}-class-${classes.join('-')}-unlearnt`;
}

/** What the packed data are called: by what was read, "bloodmnist.npz" becomes "bloodmnist.purge". */
export function packedName(dataset: string): string {
  const bare = dataset.replace(/\.(gz|npz|purge|bin|mat|idx\d?-ubyte)$/gi, '').replace(/[^\w.-]+/g, '-');
  return `${bare || 'images'}.purge`;
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
