import { mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PushReport } from '../report/push-report.ts';

/** The report as people and programs read it. */
export function reportText(report: PushReport, redact: (text: string) => string): string {
  return `${redact(JSON.stringify(report, undefined, 2))}\n`;
}

/**
 * Writes the report into a new folder below `directory`, so that two pushes of one job don't meet.
 * @returns the file's path
 */
export async function writeReport(
  report: PushReport,
  directory: string,
  redact: (text: string) => string,
): Promise<string> {
  const folder = await mkdtemp(path.join(directory, 'idpbuilder-push-'));
  const file = path.join(folder, 'report.json');
  await writeFile(file, reportText(report, redact));
  return file;
}
