import type { PageState } from '../state/page-settings';
import { fromQuery } from '../state/query';
import { settings } from '../state/settings.svelte';
import { fakeFile, fakeServer } from './fake-server.fixture';
import { crash, fakeCreate, newWorld, turn, type World } from './fake-session.fixture';
import { PageSession } from './page-session.svelte';

/** A page as it is first opened, and what is around it. */
export interface Stage {
  world: World;
  server: ReturnType<typeof fakeServer>;
  page: PageSession;
  /** Sets something, as a control of the page does, and waits until all is done. */
  set: (change: Partial<PageState>) => Promise<void>;
}

/** A new page in a new world. */
export function newStage(): Stage {
  Object.assign(settings, fromQuery(''));
  const world = newWorld();
  const server = fakeServer();
  const page = new PageSession({ settings, createSession: fakeCreate(world), fetchFile: server.fetchFile });
  const set = (change: Partial<PageState>) => {
    Object.assign(settings, change);
    return page.follow();
  };
  return { world, server, page, set };
}

/** Waits until nothing more comes of itself. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}

/** Lets one call crash the engine: the first, or a later one. */
export function failOnce(name: string, at = 1): World['during'] {
  let seen = 0;
  return (call) => {
    if (call === name && ++seen === at) throw crash();
  };
}

/** Data of one's own, and a network, as files. */
export const ownData = (name = 'own.purge', channels = 1, classes = 10) => fakeFile(name, 'data', channels, classes);
export const ownNetwork = (name = 'own.safetensors', channels = 1, classes = 10) =>
  fakeFile(name, 'model', channels, classes);

/** A promise, and what resolves it. */
export function gate() {
  let open: () => void = () => undefined;
  const shut = new Promise<void>((resolve) => (open = resolve));
  return { shut, open };
}

/** The calls that load something. */
export const loads = ({ calls }: World) => calls.filter((call) => call.startsWith('load'));
