import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Starts a process that says a line of JSON at first, and then answers each line with one. */
export async function talkTo(command, args, env = {}) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => (said = (said + text).slice(-2000)));
  // What is written to one that has ended shows as its end.
  child.stdin.on('error', () => {});
  const ended = new Promise((_, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const last = said.trim().split('\n').at(-1);
      reject(new Error(last || `${command} ended with ${code}`));
    });
  });
  ended.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await Promise.race([lines.next(), ended]);
    if (done) return ended;
    return JSON.parse(value);
  };
  return {
    about: await next(),
    ask(line) {
      child.stdin.write(`${line}\n`);
      return next();
    },
    close: () => child.stdin.end(),
  };
}
