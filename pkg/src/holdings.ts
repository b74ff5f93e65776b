import type { Shipped } from './assets.js';
import type { Connection } from './connection.js';
import type { State } from './engine.js';
import { PurgeError, messageOf } from './errors.js';
import type { Command, DatasetFiles, NamedFile } from './protocol.js';

/** What a new engine needs before it is where the one before was. */
type Part = 'model' | 'dataset' | 'network';

/** What a session knows of its engine, and holds for the next one. */
export class Holdings {
  /** How the engine was when it last told; the next one is brought to the same point. */
  state: State = { changed: false, running: false };

  /** What was loaded last. */
  model: NamedFile | undefined;
  dataset: DatasetFiles | undefined;
  /** Which of the shipped networks the loaded one is. */
  shipped: Shipped | undefined;
  /** What finished runs have made of the loaded network; absent where none has been. */
  network: NamedFile | undefined;

  /** The run that the engine has under way, as long as it may go on. */
  run: symbol | undefined;
  /** The run that went with its engine, and what the engine died of: whoever goes on with the run is told that. */
  fallen: { run: symbol; error: PurgeError } | undefined;
  /** Whether the engine's network has steps behind it that are not in `network`, and would go with the engine. */
  atStake = false;
  /** What a crash has taken, in words. */
  lost: string | undefined;

  /** What an engine died of while it was loaded again; a second time it is let go. */
  #suspect: Part | undefined;

  /** Another network is loaded. */
  networkIs(model: NamedFile, shipped?: Shipped): void {
    this.model = model;
    this.shipped = shipped;
    this.dropRuns();
  }

  /** The engine's network is as it was loaded. */
  dropRuns(): void {
    this.run = undefined;
    this.atStake = false;
    this.network = undefined;
    this.lost = undefined;
  }

  /** Keeps the network as it is now for a new engine. */
  hold(network: Uint8Array): void {
    this.network = { name: 'unlearnt network', blob: new Blob([network as Uint8Array<ArrayBuffer>]) };
    this.atStake = false;
  }

  /** The network as it is now has become the loaded one. */
  keep(): void {
    if (this.model && this.network) this.model = { name: this.model.name, blob: this.network.blob };
    this.network = undefined;
  }

  /** @throws PurgeError `bad-state` where a crash has taken what runs had made of the network. */
  checkNotLost(): void {
    if (this.lost !== undefined) throw new PurgeError('bad-state', this.lost);
  }

  /** What finished runs have made is held; a run that was under way goes with the engine. */
  engineDied(error: PurgeError): void {
    if (this.run) this.fallen = { run: this.run, error };
    this.run = undefined;
    if (!this.atStake) return;
    this.dropRuns();
    this.lost =
      `A run was under way when the engine stopped (${error.message}); what it had made of the network is gone. ` +
      'Reset, or load a network, to go on.';
  }

  /** Loads network and data into a new engine, and what runs have made of the network. */
  async bringBack(connection: Connection): Promise<void> {
    for (const [part, command] of this.#parts()) await this.#loadAgain(connection, part, command);
    this.state = connection.state;
  }

  /** The same for an engine beside the one that has it all: where this fails, nothing is let go. */
  async bringTo(connection: Connection): Promise<void> {
    for (const [, command] of this.#parts()) await connection.call(command);
    this.state = connection.state;
  }

  #parts(): [Part, Command][] {
    const { model, dataset, network } = this;
    return [
      ...(model ? [['model', { type: 'load-model', model }] satisfies [Part, Command]] : []),
      ...(dataset ? [['dataset', { type: 'load-dataset', dataset }] satisfies [Part, Command]] : []),
      ...(network ? [['network', { type: 'restore', network }] satisfies [Part, Command]] : []),
    ];
  }

  /** What the engine refuses, or what ends it twice in a row, is let go, or no later call could ever succeed. */
  async #loadAgain(connection: Connection, part: Part, command: Command): Promise<void> {
    try {
      await connection.call(command);
    } catch (error) {
      if (connection.alive || this.#suspect === part) this.#letGo(part, messageOf(error));
      else this.#suspect = part;
      throw error;
    }
    if (this.#suspect === part) this.#suspect = undefined;
  }

  #letGo(part: Part, why: string): void {
    this.#suspect = undefined;
    if (this.network && part !== 'dataset') {
      this.dropRuns();
      this.lost =
        `The engine stopped, and what runs had made of the network could not be brought back (${why}). ` +
        'Reset, or load a network, to go on.';
    }
    const { model, dataset } = this.state;
    this.state = { changed: false, running: false };
    if (part === 'model') {
      this.model = undefined;
      this.shipped = undefined;
    } else if (model) {
      this.state.model = model;
    }
    if (part === 'dataset') this.dataset = undefined;
    else if (dataset) this.state.dataset = dataset;
  }
}
