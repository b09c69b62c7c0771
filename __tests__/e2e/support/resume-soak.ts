/**
 * Kills pushes at random moments, again and again, and looks whether every image is complete after
 * the run that follows. Needs no jest: scripts/soak.mjs goes on for longer with it.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeFolder, type Service } from '../../support/services/index.ts';
import {
  bytesSent,
  committed,
  startCountingProxy,
  type CountingProxy,
  type Exchange,
} from './counting-proxy.ts';
import { leftInState, pushThrough, startPush } from './kill.ts';
import { problemsOf } from './resume-check.ts';
import { makeImage, type TestImage } from './resume-image.ts';

export interface SoakOptions {
  readonly registry: Pick<Service, 'url'>;
  /** for the image and what the runs keep; it is the caller's to remove */
  readonly folder: string;
  readonly rounds: number;
  /** the same seed draws the same image and the same moments */
  readonly seed: number;
  /** sizes of the image's layers, bytes */
  readonly layers: readonly number[];
  readonly bytesPerSecond: number;
  /** how often a push is killed before it may finish; once by default */
  readonly kills?: number;
  /** told of every round */
  readonly log?: (line: string) => void;
}

/** What came of it. */
export interface SoakResult {
  /** a push that nobody disturbed, milliseconds */
  readonly pushMs: number;
  /** rounds in which a push was killed before its end */
  readonly killed: number;
  /** rounds after which the image was complete and nothing was left */
  readonly complete: number;
  /** layers that were sent again although the registry had taken them */
  readonly sentAgain: number;
  /** bytes that were sent beyond one image a round */
  readonly bytesTwice: number;
  /** what was wrong, a line each, with the round and the moment */
  readonly problems: readonly string[];
}

interface Soak extends SoakOptions {
  readonly image: TestImage;
  readonly proxy: CountingProxy;
  readonly random: () => number;
  readonly pushMs: number;
}

interface Round {
  readonly moments: readonly number[];
  readonly killed: boolean;
  readonly sentAgain: number;
  readonly bytesTwice: number;
  readonly problems: readonly string[];
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Layers that were taken twice. Of blobs of some KiB, such as the config, nobody asks that. */
function takenTwice({ layers }: TestImage, exchanges: readonly Exchange[]): number {
  const known = new Set(layers.map(({ digest }) => digest));
  const taken = committed(exchanges).filter((digest) => known.has(digest));
  return taken.length - new Set(taken).size;
}

/** Pushes and kills after some milliseconds; true when it was still running. */
async function killAfter(soak: Soak, args: readonly string[], home: string, ms: number) {
  const push = startPush(args, home);
  const over = new AbortController();
  const early = push.finished.finally(() => over.abort());
  await sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  push.kill('SIGKILL');
  const { code } = await early;
  await soak.proxy.cut();
  return code === undefined;
}

async function oneRound(soak: Soak, name: string): Promise<Round> {
  const { image, proxy, random, pushMs, registry } = soak;
  const home = join(soak.folder, name);
  await mkdir(home);
  const where = { registry, repository: `soak/${name}`, tag: '1' };
  const args = ['--plain-http', image.source, `${proxy.host}/${where.repository}:${where.tag}`];
  const before = proxy.exchanges.length;
  const moments = Array.from({ length: soak.kills ?? 1 }, () => Math.round(random() * pushMs));
  let killed = false;
  for (const moment of moments) killed = (await killAfter(soak, args, home, moment)) || killed;
  const last = await pushThrough(proxy, args, home);
  const exchanges = proxy.exchanges.slice(before);
  const size = image.layers.reduce((sum, layer) => sum + layer.size, image.config.size);
  const problems = [
    ...(last.code === 0 ? [] : [`exit code ${last.code}: ${last.output}`]),
    ...(await problemsOf(image, where)),
    ...(await leftInState(join(home, '.idpbuilder'))).map((file) => `${file} is left`),
  ];
  await removeFolder(home);
  const bytesTwice = bytesSent(exchanges) - size;
  return { moments, killed, problems, sentAgain: takenTwice(image, exchanges), bytesTwice };
}

/** How long a push takes here that nobody disturbs: the moments are drawn from that time. */
async function measure(soak: Omit<Soak, 'pushMs'>): Promise<number> {
  const home = join(soak.folder, 'measured');
  await mkdir(home);
  const began = Date.now();
  const args = ['--plain-http', soak.image.source, `${soak.proxy.host}/soak/measured:1`];
  const { code, output } = await pushThrough(soak.proxy, args, home);
  if (code !== 0) throw new Error(`a push that nobody disturbs ended with ${code}:\n${output}`);
  return Date.now() - began;
}

/** Runs all rounds; what goes wrong in one is told at the end. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { registry, bytesPerSecond, rounds, seed, log = () => undefined } = options;
  const image = await makeImage(join(options.folder, 'image'), options.layers, seed);
  const proxy = await startCountingProxy({ upstream: registry.url, bytesPerSecond });
  const result = { killed: 0, complete: 0, sentAgain: 0, bytesTwice: 0 };
  const problems: string[] = [];
  try {
    const known = { ...options, image, proxy, random: seeded(seed) };
    const pushMs = await measure(known);
    log(`seed ${seed}: ${rounds} rounds, a push takes ${pushMs} ms`);
    for (let number = 1; number <= rounds; number += 1) {
      const round = await oneRound({ ...known, pushMs }, `round-${number}`);
      const title = `round ${number}, killed after ${round.moments.join(' and ')} ms`;
      problems.push(...round.problems.map((problem) => `${title}: ${problem}`));
      result.killed += round.killed ? 1 : 0;
      result.complete += round.problems.length === 0 ? 1 : 0;
      result.sentAgain += round.sentAgain;
      result.bytesTwice += round.bytesTwice;
      log(`${title}: ${round.problems.join('; ') || 'complete'}, ${round.bytesTwice} bytes twice`);
    }
    return { ...result, pushMs, problems };
  } finally {
    await proxy.stop();
  }
}
