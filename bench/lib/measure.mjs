/** Runs a program to its end: how long it took, and what it used of the machine. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const POLL_MS = 10;
const SHOWN_OUTPUT = 4 * 1024;
const TIMEOUT_MS = 15 * 60_000;
/** Of all Linux systems there are. */
const TICKS_PER_SECOND = 100;

/**
 * @typedef {object} Measurement
 * @property {number} wallMs from the start to the end of the process
 * @property {number} [cpuMs] user and system, in steps of 10 ms; Linux only
 * @property {number} [peakRssMiB] of the process itself; Linux only
 */

/**
 * Measures one run; it must succeed.
 * @param {string} file
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {Promise<Measurement>}
 * @throws {Error} with the end of its output when its code isn't 0
 */
export async function measure(file, args, options = {}) {
  const cpuBefore = childrensCpuMs();
  const started = performance.now();
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const limit = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
  const output = collect(child);
  let peakRssMiB = undefined;
  const poll = setInterval(() => (peakRssMiB = peakRss(child.pid) ?? peakRssMiB), POLL_MS);
  try {
    const { code, signal, wallMs } = await ended(child, started);
    if (code !== 0) {
      const how = signal === null ? `code ${code}` : signal;
      throw new Error(`${file} ${args.join(' ')} ended with ${how}:\n${output()}`);
    }
    const cpuAfter = childrensCpuMs();
    const cpuMs = cpuAfter === undefined ? undefined : cpuAfter - cpuBefore;
    return { wallMs, cpuMs, peakRssMiB };
  } finally {
    clearInterval(poll);
    clearTimeout(limit);
  }
}

/** The process's own end is what counts; its output is waited for all the same. */
function ended(child, started) {
  return new Promise((resolve, reject) => {
    let wallMs;
    child.once('error', reject);
    child.once('exit', () => (wallMs = performance.now() - started));
    child.once('close', (code, signal) => resolve({ code, signal, wallMs }));
  });
}

function collect(child) {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more) => (text = (text + more).slice(-SHOWN_OUTPUT)));
  }
  return () => text;
}

/** The kernel keeps the maximum itself: polling only has to see the process before it is gone. */
function peakRss(pid) {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(procFile(`${pid}/status`) ?? '')?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}

/**
 * CPU time of all children that have ended and been waited for. Its growth is what the one that
 * has just ended used: exact, where polling would miss the end.
 */
function childrensCpuMs() {
  const text = procFile('self/stat');
  if (text === undefined) return undefined;
  // The second field is the program's name in brackets, and may hold spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [fields[13], fields[14]].map(Number);
  return ((user + system) / TICKS_PER_SECOND) * 1000;
}

function procFile(name) {
  try {
    return readFileSync(`/proc/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}
