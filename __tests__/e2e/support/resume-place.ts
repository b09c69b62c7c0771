/** A registry behind a counting proxy, and the two runs of a push that is killed once. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeFolder, temporaryFolder, type Login } from '../../support/services/index.ts';
import type { Room } from './counting-line.ts';
import {
  bytesSent,
  committed,
  startCountingProxy,
  type CountingProxy,
  type CountingProxyOptions,
  type Exchange,
} from './counting-proxy.ts';
import {
  killWhere,
  leftInState,
  pushThrough,
  readReport,
  type PushRun,
  type ResumeReport,
} from './kill.ts';
import { problemsOf } from './resume-check.ts';
import type { TestImage } from './resume-image.ts';

/** What may be sent twice of an upload that is gone on with, bytes. */
export const TWICE_AT_MOST: number = 16 * 1024 * 1024;
/** Time in which a registry notices that its client is gone. */
const NOTICED_MS = 100;

export interface PlaceOptions extends CountingProxyOptions {
  readonly login?: Pick<Login, 'user' | 'password'>;
  /** of the registry's settings, for one that cannot be told from its host */
  readonly profile?: string;
}

/** A registry behind a proxy, for one suite. */
export interface ResumePlace {
  readonly proxy: CountingProxy;
  /** everything of this suite that is on disk */
  readonly folder: string;
  /** An empty home directory. */
  home(name: string): Promise<string>;
  /** The command line of a push to `repository:1`. */
  args(source: string, repository: string, flags?: readonly string[]): string[];
  /** what is wrong with the image there; see `problemsOf` */
  problems(image: TestImage, repository: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** Stands before a registry that runs; its port must stay the same when it is started anew. */
export async function createPlace(options: PlaceOptions): Promise<ResumePlace> {
  const { upstream, login, profile } = options;
  const folder = await temporaryFolder('resume');
  const proxy = await startCountingProxy(options);
  const registries = {
    // Where Gitea says that tokens are to be had: itself, not the proxy.
    [new URL(upstream).host]: { insecure: 'true' },
    ...(profile === undefined ? {} : { [proxy.host]: { profile } }),
  };
  const flags = ['--plain-http', `--config=${JSON.stringify({ registries })}`];
  if (login) flags.push(`--username=${login.user}`, `--password=${login.password}`);
  const where = { registry: { url: upstream }, tag: '1', login };
  return {
    proxy,
    folder,
    home: async (name) => {
      const home = join(folder, name);
      await mkdir(home, { recursive: true });
      return home;
    },
    args: (source, repository, more = []) => [
      ...flags,
      ...more,
      source,
      `${proxy.host}/${repository}:1`,
    ],
    problems: (image, repository) => problemsOf(image, { ...where, repository }),
    stop: async () => {
      await proxy.stop();
      await removeFolder(folder);
    },
  };
}

/** A push that is killed, and the one after it. */
export interface Interruption {
  readonly repository: string;
  /** where the line stands when the process is killed */
  readonly room: Room;
  readonly flags?: readonly string[];
  /** has to happen before the kill; see `killWhere` */
  readonly standing?: (home: string) => Promise<unknown>;
  /** Happens between the two runs. @param home of the first */
  readonly between?: (home: string) => Promise<void>;
  /** what is not the same in the second run */
  readonly next?: { readonly home?: string; readonly flags?: readonly string[] };
}

/** What came of both runs. */
export interface Outcome {
  readonly first: PushRun;
  readonly second: PushRun;
  /** undefined where the second run wrote none */
  readonly report: ResumeReport | undefined;
  /** bytes of layers that both runs sent, beyond one of each */
  readonly twice: number;
  /** what is wrong: the second run's end, the image in the registry, files that are left */
  readonly problems: readonly string[];
}

/** Bytes of layers: how the config went is of no interest. */
export function layerBytes({ config }: TestImage, exchanges: readonly Exchange[]): number {
  return bytesSent(exchanges.filter(({ digest }) => digest !== config.digest));
}

/** Pushes and kills, pushes again, and looks at everything that is left. */
export async function interrupt(
  place: ResumePlace,
  image: TestImage,
  { repository, room, flags = [], standing, between, next = {} }: Interruption,
): Promise<Outcome> {
  const { proxy } = place;
  const home = await place.home(`home-${repository.replaceAll('/', '-')}`);
  const args = (more: readonly string[]): string[] => place.args(image.source, repository, more);
  const first = await killWhere(proxy, args(flags), home, room, standing);
  await sleep(NOTICED_MS);
  await between?.(home);
  const after = next.home ?? home;
  const report = join(after, 'report.json');
  const again = args([...(next.flags ?? flags), '--report', report]);
  const second = await pushThrough(proxy, again, after);
  const size = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  const ended = second.code === 0 ? [] : [`ended with ${second.code}: ${second.output}`];
  const left = await leftInState(join(after, '.idpbuilder'));
  return {
    first,
    second,
    report: await readReport(report),
    twice: layerBytes(image, first.exchanges) + layerBytes(image, second.exchanges) - size,
    problems: [
      ...ended,
      ...(await place.problems(image, repository)),
      ...left.map((file) => `${file} is left`),
    ],
  };
}

/**
 * The line stands once the registry has taken so many layers in this push. The largest is held back
 * until then, so that there is one that it has not.
 */
export function afterLayers({ proxy }: ResumePlace, { layers }: TestImage, count: number): Room {
  const before = proxy.exchanges.length;
  const known = new Set(layers.map(({ digest }) => digest));
  const [, second = 0] = layers.map(({ size }) => size).toSorted((a, b) => b - a);
  return ({ start, sent }) => {
    const taken = committed(proxy.exchanges.slice(before)).filter((digest) => known.has(digest));
    if (taken.length >= count) return 0;
    return start + sent >= second ? undefined : Infinity;
  };
}

/**
 * Requests of the second run with bytes of layers that the first had finished: none, one hopes.
 * The config is left out: blobs of a few KiB are rather sent than asked about.
 */
export function sentAgain({ layers }: TestImage, { first, second }: Outcome): Exchange[] {
  const taken = new Set(committed(first.exchanges));
  const done = new Set(layers.map(({ digest }) => digest).filter((digest) => taken.has(digest)));
  return second.exchanges.filter(
    ({ session, sent, digest = '' }) => session !== undefined && sent > 0 && done.has(digest),
  );
}

/** Sizes of the layers that the registry had not taken when the push was killed. */
export function unfinishedBytes({ layers }: TestImage, { first }: Outcome): number {
  const done = new Set(committed(first.exchanges));
  return layers.reduce((sum, { digest, size }) => sum + (done.has(digest) ? 0 : size), 0);
}
