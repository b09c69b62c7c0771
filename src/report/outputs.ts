import type { PushReport } from './push-report.ts';

/** The outputs that follow from a report; the shell adds the report's path. */
export interface PushOutputs {
  /** the image's root digest; empty while unknown */
  readonly digest: string;
  /** `registry/repository@digest` of the first place; empty when nothing was pushed */
  readonly image: string;
  /** full references, one per line: those published, of a dry run those that would be */
  readonly tags: string;
  readonly 'bytes-uploaded': string;
  readonly 'bytes-skipped': string;
  readonly 'bytes-resumed': string;
  readonly 'exit-code': string;
}

/** The action's outputs, by the names they have in action.yml. */
export function toOutputs(report: PushReport): PushOutputs {
  const digest = report.image?.digest ?? '';
  const place = report.places[0];
  const tags = report.places.flatMap(({ registry, repository, tags }) =>
    tags
      .filter((tag) => tag.status !== 'not-moved')
      .map((tag) => `${registry}/${repository}:${tag.tag}`),
  );
  return {
    digest,
    image:
      report.status === 'success' && digest && place
        ? `${place.registry}/${place.repository}@${digest}`
        : '',
    tags: tags.join('\n'),
    'bytes-uploaded': String(report.bytesUploaded),
    'bytes-skipped': String(report.bytesSkipped),
    'bytes-resumed': String(report.bytesResumed),
    'exit-code': String(report.exitCode),
  };
}
