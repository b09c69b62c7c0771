import type { UnfinishedImage } from '../image/source.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ManifestNode } from '../oci/graph.ts';
import type { Platform } from '../oci/platform.ts';
import type { ManifestContent } from '../registry/manifests.ts';
import type { JoinedContent } from './joined.ts';

/** What is written when the layers of all unfinished images are compressed. */
export interface FinishedImage {
  /** manifests that are still to be stored, each after its children */
  readonly manifests: readonly ManifestContent[];
  /** what tags are to point at, for each of `suffixes` */
  readonly roots: readonly ManifestContent[];
}

/** An image that has been read as far as its manifests: all that a plan needs. */
export interface LoadedImage {
  /** for people: the sources */
  readonly description: string;
  readonly content: JoinedContent;
  /** the same for the same image, run after run: what an interrupted push is found by */
  readonly key: Digest;
  readonly platforms: readonly Platform[];
  /** the manifests that are known, each after its children */
  readonly manifests: readonly ManifestNode[];
  /** how many there are going to be */
  readonly manifestCount: number;
  /** the blobs below them */
  readonly blobs: readonly Descriptor[];
  /** images whose manifest is written when their layers are compressed */
  readonly unfinished: readonly UnfinishedImage[];
  /** what tags get for each root: nothing where there is one, else the name of its platform */
  readonly suffixes: readonly string[];
  /** what tags are to point at; undefined exactly while something is unfinished */
  readonly roots?: readonly ManifestNode[];
  /** @param written the manifests of `unfinished`, in their order */
  finish(written: readonly ManifestContent[]): FinishedImage;
}
