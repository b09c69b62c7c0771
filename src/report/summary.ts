import { formatDuration } from '../util/text.ts';
import { code, escapeText, limitBytes } from './markdown.ts';
import { describePlan, type PlanView } from './plan-text.ts';
import type { PushReport } from './push-report.ts';
import {
  anyPublished,
  facts,
  isIncomplete,
  layers,
  notes,
  placesTable,
  plannedLayers,
  pullCommands,
} from './summary-sections.ts';

/**
 * GitHub skips a step's summary that is larger than 1 MiB; other parts of the step may write to
 * the same file, so we stay well below.
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
 */
export const MAX_SUMMARY_BYTES: number = 900 * 1024;

const TITLES: Readonly<Record<PushReport['status'], string>> = {
  success: '✅ Image pushed',
  planned: '📝 Dry run: nothing was written',
  failed: '❌ Push failed',
  cancelled: '⏹️ Push cancelled',
};

const NOT_EVERYWHERE = '⚠️ Image pushed, but not everywhere';

function success(report: PushReport): (string | undefined)[] {
  return [pullCommands(report), facts(report), placesTable(report), notes(report), layers(report)];
}

function planned(report: PushReport, plan: PlanView | undefined): (string | undefined)[] {
  return [
    facts(report, plan === undefined),
    plan ? `Would push ${describePlan(plan)} to` : 'Would be pushed to',
    placesTable(report),
    notes(report),
    plan ? plannedLayers(plan) : undefined,
  ];
}

function failure(report: PushReport): (string | undefined)[] {
  const { error, exitCode } = report;
  const stage = error?.stage ? ` in stage ${error.stage}` : '';
  const kind = error ? ` (${error.code.toLowerCase()})` : '';
  return [
    error ? `**${escapeText(error.message, 2000)}**` : undefined,
    error?.hint ? `→ ${escapeText(error.hint, 2000)}` : undefined,
    `Exit code ${exitCode}${kind}${stage}, after ${formatDuration(report.durationMs)}, from ${code(report.source)}`,
    report.places.length > 0 && !anyPublished(report) ? 'No tag was moved.' : undefined,
    placesTable(report),
    notes(report),
    layers(report),
  ];
}

/**
 * The job summary in GitHub's Markdown. Text from images, registries and people is shown as text.
 * @param plan what a dry run would push, to be listed with it
 * @returns at most MAX_SUMMARY_BYTES bytes of UTF-8
 */
export function renderSummary(report: PushReport, plan?: PlanView): string {
  const notEverywhere = report.status === 'success' && isIncomplete(report);
  const title = notEverywhere ? NOT_EVERYWHERE : TITLES[report.status];
  const markdown = [`## ${title}`, ...sectionsOf(report, plan)]
    .filter((section) => section !== undefined)
    .join('\n\n');
  return limitBytes(`${markdown}\n`, MAX_SUMMARY_BYTES);
}

function sectionsOf(report: PushReport, plan: PlanView | undefined): (string | undefined)[] {
  if (report.status === 'success') return success(report);
  return report.status === 'planned' ? planned(report, plan) : failure(report);
}
