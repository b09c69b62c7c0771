import type { Descriptor } from '../oci/descriptor.ts';
import { isManifestType } from '../oci/media-types.ts';
import { formatReference, type Reference } from '../oci/reference.ts';
import { openBlob } from '../registry/blobs.ts';
import type { Connection } from '../registry/connection.ts';
import { getManifest } from '../registry/manifests.ts';
import { RegistryError } from '../registry/error.ts';
import { imageError, PushError } from '../util/errors.ts';
import type { ContentReader, OpenedSource } from './source.ts';

async function* bytesOf(bytes: Uint8Array, from: number): AsyncGenerator<Uint8Array> {
  if (from < bytes.length) yield bytes.subarray(from);
}

/** A refusal of the source must not be taken for one of the registry that is being pushed to. */
function ofSource(
  error: unknown,
  { registry }: Connection,
  repository: string,
  { digest }: Descriptor,
): unknown {
  if (!(error instanceof RegistryError)) return error;
  if (error.status === 404) {
    return imageError(
      `The source ${registry}/${repository} lacks blob ${digest}.`,
      undefined,
      error,
    );
  }
  const { code, retryable, hint } = error;
  const message = `The source cannot be read: ${error.message}`;
  return new PushError(message, { code, retryable, cause: error, ...(hint ? { hint } : {}) });
}

function reader(connection: Connection, repository: string): ContentReader {
  return {
    async *open(descriptor: Descriptor, from = 0, signal?: AbortSignal) {
      if (isManifestType(descriptor.mediaType)) {
        const { bytes } = await getManifest(connection, repository, descriptor.digest, signal);
        yield* bytesOf(bytes, from);
        return;
      }
      try {
        yield* openBlob(connection, repository, descriptor, from, signal);
      } catch (error) {
        throw ofSource(error, connection, repository, descriptor);
      }
    },
  };
}

/**
 * An image in a registry. Its blobs are streamed from there; what goes to several registries is kept
 * on disk meanwhile (shared-content.ts).
 * @throws PushError IMAGE when there is no such image
 */
export async function openRegistrySource(
  connection: Connection,
  reference: Reference,
  signal?: AbortSignal,
): Promise<OpenedSource> {
  const { repository } = reference;
  const wanted = reference.digest ?? reference.tag ?? 'latest';
  const { descriptor } = await getManifest(connection, repository, wanted, signal);
  if (!isManifestType(descriptor.mediaType)) {
    throw new PushError(
      `${formatReference(reference)} is a ${descriptor.mediaType}, which is not supported.`,
      {
        code: 'IMAGE',
        stage: 'open',
        hint: 'Docker schema 1 images have to be pushed again by a current tool first.',
      },
    );
  }
  return {
    description: `docker://${formatReference(reference)}`,
    ...(reference.tag ? { name: formatReference(reference) } : {}),
    root: descriptor,
    content: reader(connection, repository),
    origin: { registry: connection.registry, repository },
    close: async () => undefined,
  };
}
