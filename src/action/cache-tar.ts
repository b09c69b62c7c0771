import { MAX_RECORD_BYTES } from './cache-record.ts';
import { ARRIVALS } from './cache-folder.ts';
import { systemCode } from '../util/errors.ts';
import type { ProgramOptions, ProgramResult, runProgram } from '../util/run-program.ts';

/** The most bytes that an archive, or a file of it, may have: a record, and plenty for a state. */
const MOST_BYTES = MAX_RECORD_BYTES + 64 * 1024 * 1024;
/** What tar reads at once, and counts by. */
const TAR_RECORD_BYTES = 20 * 512;
const VERSION_MS = 2000;

/**
 * The toolkit extracts with `tar -P`: an archive may hold absolute names, `..` and links to write
 * through, and it cannot be looked at before. So GNU tar, which reads this variable, is told to
 * put every file into one folder under the last part of its name, whatever it is called; and links
 * are changed likewise, so that none leads out of it. An archive that has become too large while
 * it is unpacked ends tar: only tar itself can count what comes out of it.
 * @param folder relative to the working folder, with slashes; of letters and digits
 */
export function tarOptions(folder: string): string {
  const everything = `--transform=s,^(.*/)?,${folder}/${ARRIVALS}/,x`;
  const limit = `--checkpoint=${Math.ceil(MOST_BYTES / TAR_RECORD_BYTES)}`;
  const action = `--checkpoint-action=exec='kill $PPID'`;
  return `${everything} --no-same-owner --no-same-permissions ${limit} ${action}`;
}

/**
 * Runs this Node so that it and what it starts cannot write large files: what a service sends may
 * be endless, and an archive may hold a file with little in it but its size. Where the system has no
 * `prlimit`, or it may not do it, there is only the limit of time.
 * @throws as `run` does
 */
export async function runLimited(
  run: typeof runProgram,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  if (process.platform === 'linux') {
    const limits = [`--fsize=${MOST_BYTES}`, '--core=0'];
    try {
      const result = await run('prlimit', [...limits, process.execPath, ...args], options);
      if (!result.stderr.startsWith('prlimit: ')) return result;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
  return run(process.execPath, args, options);
}

/** The names under which the toolkit looks for tar: what it finds first is what it takes. */
function tarsOf(platform: NodeJS.Platform, programs: string | undefined): readonly string[] {
  if (platform === 'win32') return [`${programs}\\Git\\usr\\bin\\tar.exe`, 'tar'];
  return platform === 'darwin' ? ['gtar', 'tar'] : ['tar'];
}

/**
 * Whether the tar that the toolkit takes knows `tarOptions`. Another one (macOS without gnu-tar,
 * Windows without Git, BusyBox) would write wherever an archive says.
 * @param where the system, and where Windows has its programs
 * @returns what it is instead; undefined for GNU tar
 */
export async function otherTar(
  run: typeof runProgram,
  where: { readonly platform: NodeJS.Platform; readonly programs?: string | undefined },
): Promise<string | undefined> {
  for (const name of tarsOf(where.platform, where.programs)) {
    try {
      const { stdout } = await run(name, ['--version'], { timeoutMs: VERSION_MS });
      const [first = ''] = stdout.split('\n');
      return first.includes('GNU tar') ? undefined : first.trim() || 'another one';
    } catch {
      // It is not there, or cannot be started.
    }
  }
  return 'not there';
}
