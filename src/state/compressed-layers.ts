import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod/mini';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import { Database, type DatabaseKind } from './database.ts';
import { integer } from './integer.ts';

export interface CompressedLayersOptions {
  /** in a folder that nobody else may write; both are made when they are missing */
  readonly file: string;
  /** milliseconds since 1970 */
  readonly now: () => number;
  /** what went wrong, in one sentence; called once at most */
  readonly onProblem: (message: string) => void;
  /** layers that are remembered at most (default 10,000) */
  readonly maxEntries?: number;
}

const KIND: DatabaseKind = {
  name: 'memory of compressed layers',
  without: 'compressed layers are not remembered',
  applicationId: 0x69_64_70_6c, // idpl
  version: 1,
  schema: `
CREATE TABLE layer (
  diff_id TEXT NOT NULL,
  compressor TEXT NOT NULL,
  media_type TEXT NOT NULL,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  used INTEGER NOT NULL,
  checksum BLOB NOT NULL,
  PRIMARY KEY (diff_id, compressor)
) STRICT, WITHOUT ROWID`,
  trusted: true,
};

const MAX_ENTRIES = 10_000;
/** Ten thousand rows take less than half of it. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Room for what comes next, so that not every layer has to make some. */
const ENTRIES_KEPT = 0.95;
const REFRESH_SECONDS = 24 * 60 * 60;
const LONGEST_VERSION = 200;

const described = z.object({
  mediaType: z.string().check(z.regex(/^[\w.+-]+\/[\w.+-]+$/), z.maxLength(255)),
  digest: z.custom<Digest>(isDigest),
  size: z.int().check(z.gte(0)),
});

const layerRow = z.object({
  ...described.shape,
  size: integer,
  used: integer,
  checksum: z.instanceof(Uint8Array),
});

/** Finds out what the disk has made of a row: a wrong digest would end in a manifest. */
function checksumOf(diffId: Digest, compressor: string, layer: Descriptor): Buffer {
  const { mediaType, digest, size } = layer;
  const row = JSON.stringify([diffId, compressor, mediaType, digest, size]);
  return createHash('sha256').update(row).digest();
}

/**
 * Remembers across runs what layers were compressed to: by their diff ID and the compressor's
 * version. Nothing here throws; what fails is told once, and then nothing is remembered.
 */
export class CompressedLayers {
  readonly #database: Database;
  readonly #options: CompressedLayersOptions;

  private constructor(database: Database, options: CompressedLayersOptions) {
    this.#database = database;
    this.#options = options;
  }

  /**
   * Never throws; undefined when the file cannot be used, or when others may have written it, of
   * which `onProblem` was told.
   */
  static async open(options: CompressedLayersOptions): Promise<CompressedLayers | undefined> {
    const database = await Database.open(KIND, { ...options, maxBytes: MAX_BYTES });
    return database && new CompressedLayers(database, options);
  }

  /** What the layer was compressed to by this version of a compressor. */
  async get(diffId: Digest, compressorVersion: string): Promise<Descriptor | undefined> {
    if (compressorVersion.length > LONGEST_VERSION) return undefined;
    const found = this.#database.read(undefined, (database) =>
      find(database, diffId, compressorVersion),
    );
    if (!found) return undefined;
    const { used, ...layer } = found;
    if (Math.abs(this.#now() - used) >= REFRESH_SECONDS)
      this.#write(diffId, compressorVersion, layer);
    return layer;
  }

  /** Remembers it, in place of what was remembered before. */
  async put(diffId: Digest, compressorVersion: string, layer: Descriptor): Promise<void> {
    const { data } = z.safeParse(described, layer);
    if (!data || compressorVersion.length > LONGEST_VERSION) return;
    this.#write(diffId, compressorVersion, data);
  }

  /** Closes the file. Safe to call twice. */
  close(): void {
    this.#database.close();
  }

  #now(): number {
    return Math.floor(this.#options.now() / 1000);
  }

  #write(diffId: Digest, compressor: string, layer: Descriptor): void {
    const { mediaType, digest, size } = layer;
    const { maxEntries = MAX_ENTRIES } = this.#options;
    const checksum = checksumOf(diffId, compressor, layer);
    this.#database.write((database) => {
      database
        .prepare('INSERT OR REPLACE INTO layer VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(diffId, compressor, mediaType, digest, size, this.#now(), checksum);
      return trim(database, maxEntries);
    });
  }
}

function find(
  database: DatabaseSync,
  diffId: Digest,
  compressor: string,
): (Descriptor & { readonly used: number }) | undefined {
  const select = database.prepare(`SELECT media_type AS mediaType, digest, size, used, checksum
    FROM layer WHERE diff_id = ? AND compressor = ?`);
  select.setReadBigInts(true);
  const { data } = z.safeParse(layerRow, select.get(diffId, compressor));
  if (!data) return undefined;
  const { checksum, ...layer } = data;
  return checksumOf(diffId, compressor, layer).equals(checksum) ? layer : undefined;
}

/** Removes the least recently used beyond `maxEntries`; returns how many. */
function trim(database: DatabaseSync, maxEntries: number): number {
  const count = Number(database.prepare('SELECT count(*) AS n FROM layer').get()?.['n']);
  if (count <= maxEntries) return 0;
  const remove = database.prepare(`DELETE FROM layer WHERE (diff_id, compressor) IN
    (SELECT diff_id, compressor FROM layer ORDER BY used LIMIT ?)`);
  return Number(remove.run(count - Math.floor(maxEntries * ENTRIES_KEPT)).changes);
}
