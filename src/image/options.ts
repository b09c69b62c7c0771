import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference } from '../oci/reference.ts';
import type { OpenedSource } from './source.ts';

/** How the Docker daemon is reached: DOCKER_HOST, DOCKER_CERT_PATH and DOCKER_TLS_VERIFY. */
export interface DockerHost {
  /** unix://, npipe://, tcp://, http:// or https://; the system's socket by default */
  readonly host?: string;
  /** folder with ca.pem, cert.pem and key.pem */
  readonly certPath?: string;
  readonly tlsVerify?: boolean;
}

/**
 * Remembers what a layer was compressed to. The key has both parts because another compressor
 * makes other bytes of the same layer. Only what this user wrote may come back: it enters a
 * manifest unseen, and is compared when the bytes are needed after all.
 */
export interface CompressedLayerCache {
  get(diffId: Digest, compressorVersion: string): Promise<Descriptor | undefined>;
  put(diffId: Digest, compressorVersion: string, layer: Descriptor): Promise<void>;
}

/** What opening a source needs to know. */
export interface OpenOptions {
  /** where to spool what cannot be read in place: the runner's temporary folder */
  readonly tempDirectory: string;
  /** for layers that have no compressed form yet */
  readonly compression: 'gzip' | 'zstd';
  readonly dockerHost?: DockerHost;
  /** opens docker:// sources; without it they are refused */
  readonly openRegistry?: (reference: Reference) => Promise<OpenedSource>;
  readonly compressedLayers?: CompressedLayerCache;
  readonly signal?: AbortSignal;
  /** what takes a while, or was decided, in one sentence */
  readonly onNote?: (message: string) => void;
  /** bytes that were spooled or hashed: told often, so that nobody takes work for a standstill */
  readonly onWork?: (bytes: number) => void;
  /** sizes in bytes, before and after */
  readonly onCompressed?: (from: number, to: number) => void;
}
