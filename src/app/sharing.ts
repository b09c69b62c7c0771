import type { OpenOptions } from '../image/options.ts';
import { shareContent, type SharedContent } from '../image/shared-content.ts';
import type { OpenedSource } from '../image/source.ts';
import type { Reference } from '../oci/reference.ts';
import type { Emit } from '../util/events.ts';

/** Has a source in a registry read once, however many registries it goes to. */
export interface SourceSharing {
  /** The source to read from; the same one where only one registry would read it. */
  wrap(source: OpenedSource, options: OpenOptions): OpenedSource;
  /** Emits, and hears from it which registry has which blob. */
  overhear(emit: Emit): Emit;
}

/** @param targets where the image is going to; of the source's own registry it is mounted */
export function createSourceSharing(targets: readonly Reference[]): SourceSharing {
  const shared: SharedContent[] = [];
  return {
    wrap: (source, { tempDirectory, onWork, onNote }) => {
      // Only a registry's bytes come over the network each time they are read.
      if (!source.origin) return source;
      const registries = new Set(targets.map(({ registry }) => registry));
      registries.delete(source.origin.registry);
      if (registries.size < 2) return source;
      const content = shareContent(source.content, {
        tempDirectory,
        readers: [...registries],
        ...(onWork ? { onWork } : {}),
        ...(onNote ? { onNote } : {}),
      });
      shared.push(content);
      return {
        ...source,
        content,
        close: async () => {
          await content.close();
          await source.close();
        },
      };
    },
    overhear: (emit) => (event, parent) => {
      if (event.type === 'blob-finished') {
        for (const content of shared) content.done(event.registry, event.digest);
      }
      return emit(event, parent);
    },
  };
}
