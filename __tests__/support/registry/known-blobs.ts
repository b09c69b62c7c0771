/** Remembers which blobs the client was told are in which repository. */
export class KnownBlobs {
  readonly #known = new Set<string>();

  /** The client saw 200 for this blob. */
  tell(repo: string, digest: string): void {
    this.#known.add(`${repo}@${digest}`);
  }

  wasTold(repo: string, digest: string): boolean {
    return this.#known.has(`${repo}@${digest}`);
  }

  forget(repo: string, digest: string): void {
    this.#known.delete(`${repo}@${digest}`);
  }

  clear(): void {
    this.#known.clear();
  }
}
