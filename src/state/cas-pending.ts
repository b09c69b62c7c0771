import type { Digest } from '../oci/digest.ts';
import type { Change } from './cas-rows.ts';

type Place = Pick<Change, 'registry' | 'repository'>;

function keyOf({ registry, repository }: Place): string {
  return `${registry}/${repository}`;
}

/** What is still to be written: of several changes to one blob in one place, the last. */
export class Pending {
  readonly #changes = new Map<Digest, Map<string, Change>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  put(change: Change): void {
    let places = this.#changes.get(change.digest);
    if (!places) this.#changes.set(change.digest, (places = new Map()));
    const key = keyOf(change);
    if (!places.delete(key)) this.#size += 1;
    places.set(key, change); // to the end: the latest
  }

  find(place: Place, digest: Digest): Change | undefined {
    return this.#changes.get(digest)?.get(keyOf(place));
  }

  /** The changes to one blob in one registry, the latest first. */
  of(registry: string, digest: Digest): readonly Change[] {
    const places = this.#changes.get(digest)?.values() ?? [];
    return [...places].filter((change) => change.registry === registry).toReversed();
  }

  all(): readonly Change[] {
    return [...this.#changes.values()].flatMap((places) => Array.from(places.values()));
  }

  clear(): void {
    this.#changes.clear();
    this.#size = 0;
  }
}
