import { setOutput, summary } from '@actions/core';
import type { FinishedPush } from '../app/create-push.ts';
import { planView } from '../app/plan-view.ts';
import { writeReport } from '../app/report-file.ts';
import type { Finding } from '../registry/probe.ts';
import { createCollector } from '../report/collector.ts';
import { code, escapeText, table } from '../report/markdown.ts';
import { toOutputs, type PushOutputs } from '../report/outputs.ts';
import { renderSummary } from '../report/summary.ts';
import { messageOf, type PushError } from '../util/errors.ts';

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

/** The outputs, as far as the runner takes them. */
function setOutputs(outputs: PushOutputs, warn: (message: string) => void): Promise<void> {
  return attempt('The outputs', warn, async () => {
    for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
  });
}

/** Tells how it ended: step outputs, the report's file, the job summary. */
export async function publishResults(
  { report, plan }: FinishedPush,
  tempDirectory: string,
  redact: (text: string) => string,
  warn: (message: string) => void,
): Promise<void> {
  await setOutputs(toOutputs(report), warn);
  await attempt('The report', warn, async () => {
    setOutput('report', await writeReport(report, tempDirectory, redact));
  });
  await attempt('The job summary', warn, async () => {
    const markdown = renderSummary(report, plan ? planView(plan) : undefined);
    await summary.addRaw(redact(markdown), true).write();
  });
}

/**
 * Tells of a step that failed before it had anything to push.
 * @returns the exit code
 */
export async function publishFailure(
  error: PushError,
  redact: (text: string) => string,
  warn: (message: string) => void,
): Promise<number> {
  const collector = createCollector({ source: '', places: [], now: () => Date.now(), redact });
  const report = collector.report('failed', error);
  await setOutputs(toOutputs(report), warn);
  await attempt('The job summary', warn, () =>
    summary.addRaw(redact(renderSummary(report)), true).write(),
  );
  return report.exitCode;
}

/** Tells what a probe has found out. */
export async function publishProbe(
  repository: string,
  findings: readonly Finding[],
  warn: (message: string) => void,
): Promise<void> {
  setOutput('exit-code', '0');
  const rows = findings.map(({ what, answer }) => [escapeText(what), escapeText(answer)]);
  const markdown = `## What ${code(repository)} can do\n\n${table(['Question', 'Answer'], rows)}\n`;
  await attempt('The job summary', warn, () => summary.addRaw(markdown, true).write());
}
