/** How far a push has come, for a store that keeps it from time to time. Bytes. */
export interface StateProgress {
  /** sent so far, in all places */
  readonly bytes: number;
  /** bytes that are still to come of uploads that another machine could go on with */
  readonly left: number;
}

/**
 * Keeps what a push remembers where another machine finds it: the files themselves are in local
 * folders all the time. It never throws; what fails is one warning, and the push goes on.
 */
export interface StateStore {
  /** for people: `the Actions cache` */
  readonly name: string;
  /** whether it keeps how far a push has come; it may only bring what others kept */
  readonly keepsProgress: boolean;
  /**
   * Puts what earlier runs kept into the local folders, unless something newer is there. Takes ten
   * seconds at most.
   */
  restore(signal: AbortSignal): Promise<void>;
  /** The local files have changed; the store decides whether it is time to keep them. */
  changed(progress: StateProgress): void;
  /** Lets what is being kept come to an end, for a moment. */
  close(): Promise<void>;
}

/** The files in which a push remembers things. A part that is missing is switched off. */
export interface StatePlaces {
  /** folder of the resume files: one per image, mode 0600 */
  readonly resumeDirectory?: string;
  /** database of what is where */
  readonly recordFile?: string;
  /**
   * Database of the compressed forms of layers. Never restored from anywhere: what a stranger says
   * of a layer would end in a manifest.
   */
  readonly layersFile?: string;
  /**
   * True where others may read these files: addresses of uploads are then written only where they
   * are worthless without a login.
   */
  readonly shared?: boolean;
  readonly store?: StateStore;
}
