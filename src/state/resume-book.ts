import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Place } from '../util/events.ts';
import {
  isFinished,
  isVisible,
  RESUME_LIMITS,
  type ResumeLayer,
  type ResumePlace,
} from './resume-schema.ts';

/** How far an upload has come, for those who write it down. */
export interface ReachedPoint {
  readonly location: string;
  /** bytes handed to the network */
  readonly bytes: number;
  /** digest of these bytes; asked for only when they are written down */
  readonly checksum: () => Digest;
  /** whether the address may leave this machine */
  readonly shareable: boolean;
}

/**
 * What became of it: a new upload, an old one that was brought up to date, something about it that
 * can wait, or nothing because it is too soon.
 */
export type Reached = 'session' | 'further' | 'later' | undefined;

/** A blob as it was last written down. */
interface Entry {
  readonly total: number;
  readonly bytes: number;
  readonly checksum: Digest;
  /** undefined: the blob has arrived */
  readonly location: string | undefined;
  shareable: boolean;
  /** ms since 1970 */
  readonly time: number;
}

interface PlaceEntries {
  readonly place: Place;
  readonly layers: Map<Digest, Entry>;
  readonly manifests: Set<Digest>;
}

const EVERY_MS = 2000;
const EVERY_BYTES = 16 * 1024 * 1024;

function isDue(entry: Entry, { bytes, location }: ReachedPoint, now: number): boolean {
  const ahead = bytes - entry.bytes;
  const elapsed = now - entry.time;
  if (ahead < 0 || ahead >= EVERY_BYTES || elapsed < 0 || elapsed >= EVERY_MS) return true;
  // The blob has started over, and not come further than it was.
  return ahead === 0 && location !== entry.location;
}

/** @returns true when what was written down is no longer right */
function agreeOnSharing(entry: Entry, { location, shareable }: ReachedPoint): boolean {
  if (entry.shareable === shareable) return false;
  // A yes is about this address alone, and a no about all of them.
  if (shareable && entry.location !== location) return false;
  entry.shareable = shareable;
  return true;
}

/** @returns undefined for what nobody could read again */
function entryAt({ size }: Descriptor, at: ReachedPoint, now: number): Entry | undefined {
  const { bytes, location, shareable } = at;
  if (!isVisible(location, RESUME_LIMITS.locationLength)) return undefined;
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > size) return undefined;
  return { total: size, bytes, checksum: at.checksum(), location, shareable, time: now };
}

/** What has arrived and what is on its way, in memory; within `RESUME_LIMITS`. */
export class ResumeBook {
  readonly #places = new Map<string, PlaceEntries>();
  /** the same, by the object: looked up for every piece of every blob */
  readonly #known = new WeakMap<Place, PlaceEntries>();
  #layers = 0;
  #manifests = 0;

  /** @param places what an earlier run has left */
  constructor(places: readonly ResumePlace[] = []) {
    for (const { Registry, Repository, UploadedLayers, Manifests } of places) {
      const place = { registry: Registry, repository: Repository };
      for (const layer of Object.values(UploadedLayers)) this.#load(place, layer);
      for (const digest of Manifests) this.addManifest(place, digest);
    }
  }

  hasFinished(place: Place, digest: Digest): boolean {
    const entry = this.#entriesOf(place)?.layers.get(digest);
    return entry !== undefined && entry.location === undefined;
  }

  /** The blob's upload; undefined when none is under way. */
  session(place: Place, digest: Digest): (Entry & { readonly location: string }) | undefined {
    const entry = this.#entriesOf(place)?.layers.get(digest);
    return entry?.location === undefined ? undefined : { ...entry, location: entry.location };
  }

  /** The blob's upload has come so far. */
  reach(place: Place, descriptor: Descriptor, at: ReachedPoint, now: number): Reached {
    const old = this.#entriesOf(place)?.layers.get(descriptor.digest);
    const goesOn = old?.location !== undefined;
    if (goesOn && !isDue(old, at, now)) return agreeOnSharing(old, at) ? 'later' : undefined;
    const entry = entryAt(descriptor, at, now);
    if (!entry || !this.#set(place, descriptor.digest, entry)) return undefined;
    return goesOn && (at.bytes > old.bytes || at.location === old.location) ? 'further' : 'session';
  }

  /** @returns true when that is news */
  addBlob(place: Place, { digest, size }: Descriptor, now: number): boolean {
    if (this.hasFinished(place, digest)) return false;
    const entry = { total: size, bytes: size, checksum: digest, location: undefined, time: now };
    return this.#set(place, digest, { ...entry, shareable: false });
  }

  hasManifest(place: Place, digest: Digest): boolean {
    return this.#entriesOf(place)?.manifests.has(digest) ?? false;
  }

  /** What another run could go on with: uploads that are under way, and their bytes. */
  unfinished(): { readonly blobs: number; readonly bytes: number } {
    let blobs = 0;
    let sum = 0;
    for (const { layers } of this.#places.values()) {
      for (const { location, bytes } of layers.values()) {
        if (location === undefined) continue;
        blobs += 1;
        sum += bytes;
      }
    }
    return { blobs, bytes: sum };
  }

  /** @returns true when that is news */
  addManifest(place: Place, digest: Digest): boolean {
    const entries = this.#entriesOf(place, true);
    if (!entries || entries.manifests.has(digest)) return false;
    if (this.#manifests >= RESUME_LIMITS.manifests) return false;
    entries.manifests.add(digest);
    this.#manifests += 1;
    return true;
  }

  /** Forgets the blob in this place; true when there was something to forget. */
  drop(place: Place, digest: Digest): boolean {
    const dropped = this.#entriesOf(place)?.layers.delete(digest) ?? false;
    if (dropped) this.#layers -= 1;
    return dropped;
  }

  /** All of it, as it is written down. */
  places(): readonly ResumePlace[] {
    return Array.from(this.#places.values(), ({ place, layers, manifests }) => ({
      Registry: place.registry,
      Repository: place.repository,
      UploadedLayers: Object.fromEntries(
        Array.from(layers, ([digest, entry]): [Digest, ResumeLayer] => [
          digest,
          {
            Digest: digest,
            BytesWritten: entry.bytes,
            TotalBytes: entry.total,
            Checksum: entry.checksum,
            ...(entry.location === undefined
              ? {}
              : { Location: entry.location, Shareable: entry.shareable }),
          },
        ]),
      ),
      Manifests: [...manifests],
    }));
  }

  #load(place: Place, layer: ResumeLayer): void {
    const { Digest: digest, BytesWritten, TotalBytes, Checksum, Location, Shareable } = layer;
    // Without an address nobody can go on with it.
    if (Location === undefined && !isFinished(layer)) return;
    this.#set(place, digest, {
      total: TotalBytes,
      bytes: BytesWritten,
      checksum: Checksum,
      location: Location,
      shareable: Shareable ?? false,
      // Long ago: the first word of this run is written down.
      time: Number.NEGATIVE_INFINITY,
    });
  }

  #set(place: Place, digest: Digest, entry: Entry): boolean {
    const entries = this.#entriesOf(place, true);
    if (!entries) return false;
    if (!entries.layers.has(digest)) {
      if (this.#layers >= RESUME_LIMITS.layers) return false;
      this.#layers += 1;
    }
    entries.layers.set(digest, entry);
    return true;
  }

  /** @param create makes an entry for the place unless there are too many */
  #entriesOf(place: Place, create = false): PlaceEntries | undefined {
    const known = this.#known.get(place);
    if (known) return known;
    const { registry, repository } = place;
    const key = `${registry}/${repository}`;
    let entries = this.#places.get(key);
    if (!entries && create && this.#isWritable(place)) {
      entries = { place: { registry, repository }, layers: new Map(), manifests: new Set() };
      this.#places.set(key, entries);
    }
    if (entries) this.#known.set(place, entries);
    return entries;
  }

  #isWritable({ registry, repository }: Place): boolean {
    const { places, nameLength } = RESUME_LIMITS;
    return (
      this.#places.size < places &&
      isVisible(registry, nameLength) &&
      isVisible(repository, nameLength)
    );
  }
}
