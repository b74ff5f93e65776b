import { PurgeError } from 'purge-unlearning';
import { expect, it } from 'vitest';
import { Connection } from './connection.svelte';
import { fakeFile } from './fake-server.fixture';
import { crash, fakeCreate, newWorld } from './fake-session.fixture';

function connect() {
  const world = newWorld();
  return { world, connection: new Connection(fakeCreate(world), () => 'auto') };
}

const network = fakeFile('a.safetensors', 'model', 1, 10);

it('one session is opened, and what it tells is read after each call, well or not', async () => {
  const { world, connection } = connect();
  await Promise.all([connection.open(), connection.open()]);
  expect(world.calls).toEqual(['open auto']);
  expect(connection.device?.kind).toBe('cpu');
  await connection.ask((session) => session.loadModel(network));
  expect(connection.model?.name).toBe('a.safetensors');
  await expect(connection.ask((session) => session.loadModel(new File(['junk'], 'b')))).rejects.toMatchObject({
    code: 'bad-model',
  });
  expect(connection.model?.name).toBe('a.safetensors');
});

it('a session that could not be opened is opened anew by the next call', async () => {
  const { world, connection } = connect();
  world.during = () => {
    throw new PurgeError('network', 'no engine');
  };
  await expect(connection.open()).rejects.toMatchObject({ code: 'network' });
  world.during = () => undefined;
  await connection.ask((session) => session.loadModel(network));
  expect(world.calls.filter((call) => call.startsWith('open'))).toHaveLength(2);
});

it('calls that belong together do not go on with another session', async () => {
  const { world, connection } = connect();
  const ask = connection.asking();
  await ask((session) => session.loadModel(network));
  connection.close();
  await expect(ask((session) => session.loadModel(network))).rejects.toMatchObject({ code: 'cancelled' });
  expect(world.calls.filter((call) => call.startsWith('open'))).toHaveLength(1);
});

it.each([
  ['answers', () => undefined],
  [
    'fails',
    () => {
      throw crash();
    },
  ],
])('what a closed session %s is not believed', async (_, answer) => {
  const { world, connection } = connect();
  await connection.open();
  let go: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => (go = resolve));
  world.during = async () => {
    await waiting;
    answer();
  };
  const asked = connection.ask((session) => session.loadModel(network));
  connection.close();
  go();
  await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
  expect([connection.model, connection.device]).toEqual([undefined, undefined]);
});
