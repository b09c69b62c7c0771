import { createServer, type Server } from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { OpenOptions } from '../../../src/image/options.ts';
import {
  buildDockerArchive,
  buildLayout,
  buildOciArchive,
  type DockerArchiveOptions,
} from '../../support/images/build.ts';
import { readAll, viewSource } from '../../support/images/push-view.ts';
import { tinyImage } from '../../support/images/tiny-image.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';

/** The same image everywhere: its config digest and diff IDs must come out of every source. */
const IMAGE = { layers: 3, layerBytes: 100_000 };

interface Kind {
  readonly name: string;
  /** writes the image and says how it is named as a source */
  readonly prepare: (space: Workspace) => Promise<{ text: string; options?: Partial<OpenOptions> }>;
  /** true: the source holds compressed layers, which are pushed as they are */
  readonly untouched: boolean;
}

const servers: Server[] = [];

/** A daemon that knows one image. */
async function serveDaemon(tar: Buffer): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/images/app:1/json') response.end('{"Size":1000}');
    else if (request.url === '/images/app:1/get') response.end(tar);
    else response.writeHead(404).end('{"message":"no such image"}');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return `tcp://127.0.0.1:${address.port}`;
}

function docker(
  style: NonNullable<DockerArchiveOptions['style']>,
  untouched: boolean,
  transport = 'docker-archive:',
): Kind {
  return {
    name: `${transport || 'bare '}${style}`,
    untouched,
    prepare: async (space) => {
      await buildDockerArchive(space.path('app.tar'), { ...IMAGE, style });
      return { text: `${transport}${space.path('app.tar')}` };
    },
  };
}

function packed(name: string, pack: (tar: Buffer) => Uint8Array): Kind {
  return {
    name,
    untouched: false,
    prepare: async (space) => {
      await buildDockerArchive(space.path('app.tar'), { ...IMAGE });
      await writeFile(space.path(name), pack(await readFile(space.path('app.tar'))));
      return { text: space.path(name) };
    },
  };
}

const KINDS: readonly Kind[] = [
  {
    name: 'oci:',
    untouched: true,
    prepare: async (space) => {
      await buildLayout(space.path('app'), IMAGE);
      return { text: `oci:${space.path('app')}` };
    },
  },
  {
    name: 'bare folder with a reference',
    untouched: true,
    prepare: async (space) => {
      await buildLayout(space.path('app'), { ...IMAGE, name: 'v1' });
      return { text: `${space.path('app')}:v1` };
    },
  },
  {
    name: 'oci-archive:',
    untouched: true,
    prepare: async (space) => {
      await buildOciArchive(space.path('app.tar'), IMAGE);
      return { text: `oci-archive:${space.path('app.tar')}` };
    },
  },
  {
    name: 'bare oci archive, compressed',
    untouched: true,
    prepare: async (space) => {
      await buildOciArchive(space.path('app.tar'), IMAGE);
      await writeFile(space.path('app.tgz'), gzipSync(await readFile(space.path('app.tar'))));
      return { text: space.path('app.tgz') };
    },
  },
  docker('plain', false),
  docker('links', false),
  docker('compressed', true),
  docker('docker25', true),
  docker('docker25', true, ''),
  docker('docker25', true, 'oci-archive:'),
  docker('docker25-plain', false, ''),
  packed('app.tar.gz', (tar) => gzipSync(tar)),
  // parallel compressors write several frames
  packed('app.tar.zst', (tar) =>
    Buffer.concat([
      zstdCompressSync(tar.subarray(0, 10_000)),
      zstdCompressSync(tar.subarray(10_000)),
    ]),
  ),
  {
    name: 'docker-daemon:',
    untouched: false,
    prepare: async (space) => {
      await buildDockerArchive(space.path('app.tar'), IMAGE);
      const host = await serveDaemon(await readFile(space.path('app.tar')));
      return { text: 'docker-daemon:app:1', options: { dockerHost: { host } } };
    },
  },
];

describe.each(KINDS)('source $name', ({ prepare, untouched }) => {
  let space: Workspace;
  beforeEach(async () => {
    space = await createWorkspace();
  });
  afterEach(async () => {
    await space.close();
    for (const server of servers.splice(0)) server.close();
  });

  test('has the config and the layers of the image', async () => {
    const expected = await tinyImage(IMAGE);
    const { text, options } = await prepare(space);
    const view = await viewSource(await space.open(text, options));
    expect(view.config).toBe(expected.config.descriptor.digest);
    expect(view.diffIds).toEqual(expected.layers.map(({ diffId }) => diffId));
    const digests = view.manifest.layers.map(({ digest }) => digest);
    const compressed = expected.layers.map(({ descriptor }) => descriptor.digest);
    if (untouched) expect(digests).toEqual(compressed);
    else expect(digests).toHaveLength(compressed.length);
  });

  test('gives one digest, however often it is opened', async () => {
    const { text, options } = await prepare(space);
    const first = await viewSource(await space.open(text, options));
    const second = await viewSource(await space.open(text, options));
    expect(second.root).toEqual(first.root);
  });

  test('reads from an offset, in buffers of their own', async () => {
    const { text, options } = await prepare(space);
    const source = await space.open(text, options);
    const { manifest } = await viewSource(source);
    const [layer] = manifest.layers;
    if (!layer) throw new Error('no layer');
    const whole = await readAll(source.content, layer);
    for (const from of [1, 65_535, 65_537, layer.size - 1, layer.size]) {
      const rest = await readAll(source.content, layer, from);
      expect(rest.equals(whole.subarray(from))).toBe(true);
    }
    const buffers = new Set<ArrayBufferLike>();
    let chunks = 0;
    for await (const chunk of source.content.open(layer)) {
      buffers.add(chunk.buffer);
      chunks += 1;
    }
    expect(buffers.size).toBe(chunks);
  });

  test('checks without reading that everything is there', async () => {
    const { text, options } = await prepare(space);
    const { content, root, unfinished } = await space.open(text, options);
    const { config } = unfinished ?? {};
    await content.check?.(root ?? config!);
    const missing = { ...(root ?? config!), digest: `sha256:${'0'.repeat(64)}` as never };
    await expect(content.check?.(missing)).rejects.toMatchObject({ code: 'IMAGE' });
  });

  test('stops when it is told to, and leaves nothing behind', async () => {
    const { text, options } = await prepare(space);
    const source = await space.open(text, options);
    const { manifest } = await viewSource(source);
    const stop = new AbortController();
    const reading = async (): Promise<void> => {
      for await (const chunk of source.content.open(manifest.layers[0]!, 0, stop.signal)) {
        if (chunk.length > 0) stop.abort();
      }
    };
    await expect(reading()).rejects.toThrow(/abort/i);
    for await (const chunk of source.content.open(manifest.layers[0]!)) {
      if (chunk.length > 0) break;
    }
    await source.close();
    await source.close();
    expect(await space.spooled()).toEqual([]);
  });

  test('opens nothing once it is cancelled', async () => {
    const { text, options } = await prepare(space);
    const opening = space.open(text, { ...options, signal: AbortSignal.abort() });
    await expect(opening).rejects.toThrow(/abort/i);
    expect(await space.spooled()).toEqual([]);
  });
});
