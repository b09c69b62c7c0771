/**
 * A simulated link to a server on this machine: a TCP proxy in a process of its own, so that it
 * takes no time from the one that measures.
 */
import { fork } from 'node:child_process';
import path from 'node:path';

const PROCESS = path.join(import.meta.dirname, 'link', 'process.mjs');

/**
 * @typedef {object} Counters
 * @property {number} connections accepted
 * @property {number} peakConnections open at the same time
 * @property {number} requests times a client spoke first or after an answer
 * @property {number} bytesUp
 * @property {number} bytesDown
 * @property {number} busyMs from the first connection to the last byte of an answer
 * @property {number} cpuMs what the simulator itself used
 */

/**
 * Starts a link.
 * @param {import('./link/simulator.mjs').LinkOptions} options
 */
export async function startLink(options) {
  const child = fork(PROCESS, { execArgv: [] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const waiting = new Map();
  let lastId = 0;
  const ask = (command, more) =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      child.send({ id: lastId, command, ...more });
    });
  child.on('message', ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(`the link: ${error}`));
  });
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the link ended: ${code}`));
  });
  const { port } = await ask('start', { options });
  let cpuBefore = 0;
  return {
    port,
    host: `127.0.0.1:${port}`,
    /** Counts from zero again. */
    async reset() {
      ({ cpuUs: cpuBefore } = await ask('reset'));
    },
    /** @returns {Promise<Counters>} */
    async counters() {
      const { cpuUs, ...counters } = await ask('counters');
      return { ...counters, cpuMs: (cpuUs - cpuBefore) / 1000 };
    },
    async stop() {
      child.disconnect();
      await ended;
    },
  };
}
