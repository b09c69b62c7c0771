/** Looks at what a registry has after all: every byte of an image, by its digest. */
import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Login, Service } from '../../support/services/index.ts';
import type { TestImage } from './resume-image.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** Where an image should be. */
export interface Whereabouts {
  readonly registry: Pick<Service, 'url'>;
  readonly repository: string;
  readonly tag: string;
  readonly login?: Pick<Login, 'user' | 'password'> | undefined;
}

interface Content {
  readonly status: number;
  readonly size: number;
  readonly digest: string;
}

function ask(url: string, headers: Record<string, string>): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((done, fail) => {
    const options = { headers, agent: false, rejectUnauthorized: false };
    request(url, options, done).once('error', fail).end();
  });
}

async function read({ registry, repository, login }: Whereabouts, path: string): Promise<Content> {
  const { user, password } = login ?? {};
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  const headers = {
    'user-agent': 'push-test',
    accept: MANIFEST,
    ...(login === undefined ? {} : { authorization: `Basic ${basic}` }),
  };
  const answer = await ask(`${registry.url}/v2/${repository}/${path}`, headers);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { status: answer.statusCode ?? 0, size, digest: `sha256:${hash.digest('hex')}` };
}

/**
 * Reads an image back, all of it.
 * @returns what is wrong with it, one sentence each; nothing where it is complete
 */
export async function problemsOf(image: TestImage, where: Whereabouts): Promise<string[]> {
  const problems: string[] = [];
  const expected = [
    { what: `tag ${where.tag}`, path: `manifests/${where.tag}`, digest: image.root },
    { what: 'manifest', path: `manifests/${image.root}`, digest: image.root },
    ...[image.config, ...image.layers].map(({ digest, size }) => ({
      what: `blob ${digest}`,
      path: `blobs/${digest}`,
      digest,
      size,
    })),
  ];
  for (const { what, path, digest, ...more } of expected) {
    const content = await read(where, path);
    if (content.status !== 200) problems.push(`${what} is answered ${content.status}`);
    else if (content.digest !== digest) problems.push(`${what} reads as ${content.digest}`);
    else if ('size' in more && content.size !== more.size) {
      problems.push(`${what} has ${content.size} bytes`);
    }
  }
  return problems;
}
