import type { ManifestContent } from '../registry/manifests.ts';
import type { CurrentTags } from '../registry/tags.ts';
import type { PlannedPlace } from './plan.ts';

/** A repository that holds everything, and what its tags named before. */
export interface FilledPlace {
  readonly place: PlannedPlace;
  readonly root: ManifestContent;
  readonly tags: CurrentTags;
  /** the image was there as a whole before this push */
  readonly there: boolean;
}
