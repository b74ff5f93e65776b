import type { FromHelper, Port, ToHelper } from './crew.js';

/** A helper as the wasm module for the CPU exports it. */
export interface Helper {
  takeNetwork(bytes: Uint8Array): void;
  work(part: Uint8Array): Uint8Array;
}

/** Does the parts that come through a port, until one fails. Returns how to leave. */
export function help(port: Port, helper: Helper): () => void {
  let ended = false;
  const say = (message: FromHelper, transfer: Transferable[] = []) => port.postMessage(message, transfer);
  port.onmessage = ({ data }: MessageEvent<ToHelper>) => {
    if (ended) return;
    try {
      if ('network' in data) return helper.takeNetwork(data.network);
      const answer = helper.work(data.part);
      say({ id: data.id, answer }, [answer.buffer as ArrayBuffer]);
    } catch (error) {
      // A trap leaves a module in no fit state, and any other failure means that the two sides do not understand each other.
      ended = true;
      if ('id' in data) say({ id: data.id });
      else say('leaves');
      reportError(error);
    }
  };
  say('ready');
  return () => {
    ended = true;
    say('leaves');
  };
}
