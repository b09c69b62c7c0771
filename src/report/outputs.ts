import type { PlaceReport, PushReport, TagReport } from './push-report.ts';

/** A tag that could not be taken back names the image, too. */
const NAMES_THE_IMAGE: ReadonlySet<TagReport['status']> = new Set([
  'published',
  'unchanged',
  'planned',
  'left',
] as const);

/** The outputs that follow from a report; the shell adds the report's path. */
export interface PushOutputs {
  /** the image's root digest; empty while unknown */
  readonly digest: string;
  /** `registry/repository@digest` of the first place that has it; empty when nothing was pushed */
  readonly image: string;
  /** full references, one per line: those published, of a dry run those that would be */
  readonly tags: string;
  /** JSON: of each repository its status, and its tags with theirs */
  readonly registries: string;
  readonly 'bytes-uploaded': string;
  readonly 'bytes-skipped': string;
  readonly 'bytes-resumed': string;
  readonly 'exit-code': string;
}

function placeOutput(place: PlaceReport): object {
  const { registry, repository, status, digest, tags, error } = place;
  return {
    registry,
    repository,
    status,
    ...(digest ? { digest } : {}),
    tags,
    ...(error === undefined ? {} : { error }),
  };
}

/** The action's outputs, by the names they have in action.yml. */
export function toOutputs(report: PushReport): PushOutputs {
  const digest = report.image?.digest ?? '';
  const place = report.places.find(({ status }) => status === 'pushed' || status === 'partial');
  const tags = report.places.flatMap(({ registry, repository, tags }) =>
    tags
      .filter((tag) => NAMES_THE_IMAGE.has(tag.status))
      .map((tag) => `${registry}/${repository}:${tag.tag}`),
  );
  return {
    digest,
    image:
      report.status === 'success' && digest && place
        ? `${place.registry}/${place.repository}@${digest}`
        : '',
    tags: tags.join('\n'),
    registries: JSON.stringify(report.places.map(placeOutput)),
    'bytes-uploaded': String(report.bytesUploaded),
    'bytes-skipped': String(report.bytesSkipped),
    'bytes-resumed': String(report.bytesResumed),
    'exit-code': String(report.exitCode),
  };
}
