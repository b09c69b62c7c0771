import type { IncomingMessage } from 'node:http';
import { imageError, isAbort, PushError } from '../util/errors.ts';
import { formatBytes, printable } from '../util/text.ts';
import { openArchive } from './archive.ts';
import { connectDaemon, type DaemonApi } from './docker-host.ts';
import { isObject } from './json.ts';
import type { OpenOptions } from './options.ts';
import type { OpenedSource } from './source.ts';
import type { Spool } from './spool.ts';

/** Answers that are not an image: an error's message, or what the daemon knows of an image. */
const ANSWER_MAX = 4 * 1024 * 1024;

async function readJson(answer: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_MAX) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

async function refused(api: DaemonApi, image: string, answer: IncomingMessage): Promise<Error> {
  const value = await readJson(answer);
  const told = isObject(value) ? value['message'] : undefined;
  if (answer.statusCode === 404) {
    return imageError(
      `image ${printable(image)} is not in the Docker daemon at ${api.address}.`,
      'Check its name with docker images, or build or pull it first.',
    );
  }
  const message = typeof told === 'string' ? `: ${printable(told)}` : '';
  return imageError(
    `the Docker daemon at ${api.address} answered ${answer.statusCode} for image ${printable(image)}${message}.`,
    'Check that DOCKER_HOST names a Docker daemon.',
  );
}

/** The daemon breaks off in the middle when something is wrong with its store. */
async function* guarded(
  answer: IncomingMessage,
  api: DaemonApi,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* answer as AsyncIterable<Uint8Array>;
  } catch (error) {
    // An aborted answer fails like a broken one.
    signal?.throwIfAborted();
    if (isAbort(error) || error instanceof PushError) throw error;
    throw imageError(
      `the Docker daemon at ${api.address} broke off in the middle of the image.`,
      "See the daemon's log, or try docker save.",
      error,
    );
  }
}

function encodedName(image: string): string {
  // As Docker's own client sends it: the daemon routes on slashes.
  return encodeURIComponent(image).replace(/%2F|%3A|%40/g, decodeURIComponent);
}

/** Uncompressed size in bytes, as far as the daemon knows it. */
async function sizeOf(api: DaemonApi, image: string, signal?: AbortSignal): Promise<number> {
  const answer = await api.get(`/images/${encodedName(image)}/json`, signal);
  if (answer.statusCode !== 200) throw await refused(api, image, answer);
  const value = await readJson(answer);
  const size = isObject(value) ? value['Size'] : undefined;
  return typeof size === 'number' && size > 0 ? size : 0;
}

/**
 * Fetches an image from a Docker daemon, or from podman's service, once to the spool.
 * @param image name:tag, name@digest or ID
 * @throws PushError IMAGE when it has no such image or does not answer
 */
export async function openDaemonImage(
  image: string,
  spool: Spool,
  options: OpenOptions,
): Promise<OpenedSource> {
  const { signal, onNote, dockerHost } = options;
  const api = await connectDaemon(dockerHost);
  const size = await sizeOf(api, image, signal);
  await spool.ensureFree(size);
  onNote?.(
    `fetching ${printable(image)}${size > 0 ? ` (about ${formatBytes(size)})` : ''} from the Docker daemon at ${api.address}`,
  );
  const answer = await api.get(`/images/${encodedName(image)}/get`, signal);
  if (answer.statusCode !== 200) throw await refused(api, image, answer);
  const { file } = await spool.write('daemon.tar', guarded(answer, api, signal));
  return openArchive(file, 'docker-archive', { spool, options }, `docker-daemon:${image}`);
}
