import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import type { Layout } from './layout.ts';

/** The labels docker/metadata-action gives an image. */
export interface Facts {
  readonly version?: string;
  readonly revision?: string;
  readonly source?: string;
}

/** Facts under the names they have as labels and annotations. */
export function named(facts: Facts): Record<string, string> {
  const pairs = Object.entries(facts) as [string, string][];
  return Object.fromEntries(
    pairs.map(([name, value]) => [`org.opencontainers.image.${name}`, value]),
  );
}

/** Adds an image whose config carries these labels. */
export function labelled(layout: Layout, facts: Facts, seed = JSON.stringify(facts)): Descriptor {
  const config = layout.blob(
    {
      os: 'linux',
      architecture: 'amd64',
      rootfs: { type: 'layers', diff_ids: [] },
      config: { Labels: named(facts) },
      comment: seed,
    },
    MEDIA_TYPES.ociConfig,
  );
  return layout.image({ seed, fields: { config } });
}
