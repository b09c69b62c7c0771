import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isAbort, messageOf, PushError } from '../../util/errors.ts';
import { type ProgramResult, runProgram } from '../../util/run-program.ts';
import { printable } from '../../util/text.ts';
import { type Credential, credentialOf } from './credentials.ts';

/** Where helpers are looked for, and how they are run. */
export interface HelperHost {
  /** the variable's value: folders, separated as the system does */
  readonly path: string;
  /** helpers inside it are never run: it holds other people's code */
  readonly workspace?: string;
  /** what helpers see as their environment */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
  readonly run?: typeof runProgram;
}

const NAME = /^[A-Za-z0-9_-]+$/;
const TIMEOUT_MS = 30_000;
const MAX_OUTPUT = 64 * 1024;
/** https://github.com/docker/docker-credential-helpers: how a helper says that it has nothing */
const NOTHING = ['credentials not found', 'no credentials server URL', 'no credentials username'];

function broken(name: string, what: string, hint: string): PushError {
  return new PushError(`the credential helper docker-credential-${name} ${what}`, {
    code: 'AUTHENTICATION',
    hint,
  });
}

function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative);
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/** The helper's real path; links are followed first, so that none leads into the workspace. */
async function findHelper(name: string, host: HelperHost): Promise<string | undefined> {
  const windows = (host.platform ?? process.platform) === 'win32';
  const workspace =
    host.workspace === undefined
      ? undefined
      : await realpath(host.workspace).catch(() => host.workspace);
  for (const folder of host.path.split(windows ? ';' : ':')) {
    // Only .exe: what Windows runs through a shell would have its arguments read by one.
    const candidate = path.join(folder, `docker-credential-${name}${windows ? '.exe' : ''}`);
    if (!path.isAbsolute(folder) || !(await isProgram(candidate))) continue;
    const real = await realpath(candidate);
    const forbidden =
      workspace !== undefined && (isInside(workspace, real) || isInside(workspace, candidate));
    // Not the real path: one program may serve several helpers by the name it was called.
    if (!forbidden) return candidate;
  }
  return undefined;
}

async function ask(file: string, name: string, server: string, host: HelperHost) {
  const run = host.run ?? runProgram;
  try {
    return await run(file, ['get'], {
      input: server,
      env: host.env,
      maxOutputBytes: MAX_OUTPUT,
      // A signal, not a timeout: it also ends the wait for a helper that ignores being told to stop.
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const what = isAbort(error)
      ? `did not answer within ${TIMEOUT_MS / 1000} seconds`
      : `cannot be run: ${printable(messageOf(error), 120)}`;
    throw broken(name, what, 'Run it by hand, or give username and password instead');
  }
}

function complaintOf(result: ProgramResult): string {
  // What looks like an answer may hold the secret: it is not repeated.
  const said = result.stdout.includes('{') ? result.stderr : result.stdout || result.stderr;
  return printable(said.trim().split('\n')[0] ?? '', 160);
}

function readAnswer(name: string, result: ProgramResult): Credential | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(result.stdout);
  } catch {
    // The parser's own message quotes its input, which is the secret.
  }
  const fields = (typeof answer === 'object' ? answer : undefined) as
    Readonly<Record<string, unknown>> | null | undefined;
  const username = fields?.['Username'];
  const secret = fields?.['Secret'];
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw broken(name, 'answered something else than credentials', 'Update or remove it');
  }
  const credential = credentialOf(username, secret);
  return credential && { ...credential, from: `docker-credential-${name}` };
}

/**
 * Asks a Docker credential helper (`docker-credential-NAME get`) for a server's credentials.
 * @param server Docker's name for the registry, see `serverOf`
 * @returns undefined where the helper has none for this server
 * @throws PushError (AUTHENTICATION) for a helper that is missing, has an impossible name or fails
 */
export async function askHelper(
  name: string,
  server: string,
  host: HelperHost,
): Promise<Credential | undefined> {
  if (!NAME.test(name)) {
    throw new PushError(`"${printable(name, 60)}" cannot be the name of a credential helper`, {
      code: 'AUTHENTICATION',
      hint: 'credsStore and credHelpers take letters, digits, _ and -',
    });
  }
  const file = await findHelper(name, host);
  if (file === undefined) {
    throw broken(
      name,
      'is not installed',
      'Install it in a folder of PATH outside the workspace, or remove it from the Docker config',
    );
  }
  const result = await ask(file, name, server, host);
  if (result.code === 0) return readAnswer(name, result);
  const said = `${result.stdout}\n${result.stderr}`;
  if (NOTHING.some((text) => said.includes(text))) return undefined;
  const complaint = complaintOf(result);
  throw broken(
    name,
    `failed${result.code === undefined ? '' : ` with exit code ${result.code}`}${complaint === '' ? '' : `: ${complaint}`}`,
    'Run it by hand, or give username and password instead',
  );
}
