/** Something that is known of a registry, and how: a thread, a page, a run of ours. */
export interface Fact<T> {
  readonly value: T;
  readonly source: string;
}

/**
 * What is special about a registry, as data. A field that is missing means: as the specification
 * says, or find out by asking. Sizes are bytes.
 */
export interface RegistryProfile {
  readonly name: string;
  /** for people */
  readonly title: string;
  /** hosts that are this registry, whatever they answer */
  readonly hosts?: readonly RegExp[];
  /** how its answers give it away, where it runs under any name; header names in lower case */
  readonly answers?: (headers: Readonly<Record<string, string>>) => boolean;
  /** larger request bodies are refused, so larger blobs go in chunks */
  readonly maxBody?: Fact<number>;
  /** the smallest chunk it takes, the last one excepted */
  readonly minChunk?: Fact<number>;
  /** the largest chunk it takes */
  readonly maxChunk?: Fact<number>;
  /** false: it takes no chunks at all */
  readonly chunks?: Fact<boolean>;
  /** the last chunk has to be in the PUT, for an empty PUT fails */
  readonly lastChunkInPut?: Fact<boolean>;
  /** whether `POST ?digest=` stores a blob in one request */
  readonly singlePost?: Fact<boolean>;
  /** false: it never mounts, so asking costs a session */
  readonly mount?: Fact<boolean>;
  /** whether a broken upload can go on where it stopped, and for how long */
  readonly sessions?: Fact<'never' | 'between-chunks' | 'process' | 'restart'>;
  /** whether GET on a session tells the truth about its offset */
  readonly sessionOffset?: Fact<'exact' | 'one-too-many' | 'sticks' | 'unknown'>;
  /** whether several tags go in one request (`OCI-Tag`) */
  readonly ociTag?: Fact<boolean>;
  /** whether it has the referrers API */
  readonly referrers?: Fact<boolean>;
}

/** Writes a fact down. */
export function fact<T>(value: T, source: string): Fact<T> {
  return { value, source };
}

export const MiB: number = 1024 * 1024;
