import { setOutput, summary } from '@actions/core';
import type { FinishedPush } from '../app/create-push.ts';
import { planView } from '../app/plan-view.ts';
import { writeReport } from '../app/report-file.ts';
import { toOutputs } from '../report/outputs.ts';
import { renderSummary } from '../report/summary.ts';
import { messageOf } from '../util/errors.ts';

async function attempt(
  what: string,
  warn: (message: string) => void,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    // The push itself is done; telling about it is not worth failing it.
    warn(`${what} could not be written: ${messageOf(error)}`);
  }
}

/** Tells how it ended: step outputs, the report's file, the job summary. */
export async function publishResults(
  { report, plan }: FinishedPush,
  tempDirectory: string,
  redact: (text: string) => string,
  warn: (message: string) => void,
): Promise<void> {
  for (const [name, value] of Object.entries(toOutputs(report))) setOutput(name, value);
  await attempt('The report', warn, async () => {
    setOutput('report', await writeReport(report, tempDirectory, redact));
  });
  await attempt('The job summary', warn, async () => {
    const markdown = renderSummary(report, plan ? planView(plan) : undefined);
    await summary.addRaw(redact(markdown), true).write();
  });
}

/**
 * Outputs of a step that failed before it had anything to push.
 * @returns the exit code it was given
 */
export function publishFailure(exitCode: number): number {
  for (const name of ['digest', 'image', 'tags', 'report']) setOutput(name, '');
  for (const name of ['bytes-uploaded', 'bytes-skipped']) setOutput(name, '0');
  setOutput('exit-code', String(exitCode));
  return exitCode;
}
