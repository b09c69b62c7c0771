import { isAbsolute, relative, resolve, sep } from 'node:path';
import { configError, systemCode } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import type { ConfigFiles } from './files.ts';
import { refuseUnknown } from './nearest.ts';
import { isOptionName, optionNames, OPTIONS } from './options.ts';
import { announceFromTree, announceFromYaml, type OnSecret } from './secrets.ts';
import { shown } from './shown.ts';
import { isMap, parseYaml } from './yaml.ts';

/** The text of the config, and what may be believed of it. */
export interface ConfigText {
  readonly text: string;
  /** `config` or `config file PATH`, for messages */
  readonly where: string;
  /** false for a file inside the workspace */
  readonly trusted: boolean;
}

/** A line `name:` or a flow map is YAML; anything else is a path. `C:\x` has no blank after its colon. */
function isYaml(given: string): boolean {
  return /[\r\n]/.test(given) || given.startsWith('{') || /^["']?[\w.-]+["']?:(?:\s|$)/.test(given);
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

async function realPathOr(files: ConfigFiles, path: string): Promise<string> {
  return files.realPath(path).catch(() => path);
}

/** By its name or by where its links lead: either is enough to call a file the workspace's. */
async function isInWorkspace(
  files: ConfigFiles,
  file: string,
  workspace: string,
): Promise<boolean> {
  const [realFile, realFolder] = await Promise.all([
    realPathOr(files, file),
    realPathOr(files, workspace),
  ]);
  return [file, realFile].some((path) => isInside(workspace, path) || isInside(realFolder, path));
}

/** Reads what the option `config` names: YAML text as it stands, or a file. */
export async function readConfigText(
  given: string,
  files: ConfigFiles,
  workspace: string | undefined,
): Promise<ConfigText> {
  const written = given.trim();
  if (isYaml(written)) return { text: given, where: 'config', trusted: true };
  const path = resolve(written);
  const where = `config file ${printable(written)}`;
  try {
    const text = await files.read(path);
    const inside = workspace && (await isInWorkspace(files, path, resolve(workspace)));
    return { text, where, trusted: !inside };
  } catch (error) {
    const reason = systemCode(error) === 'ENOENT' ? 'there is no such file' : 'it cannot be read';
    const message = `config: ${shown(written)}: ${reason} (expected YAML text or the path of a YAML file)`;
    throw configError(message, undefined, error);
  }
}

/** The settings of a config by name, checked for unknown and forbidden names, not yet for values. */
export async function parseConfig(
  { text, where, trusted }: ConfigText,
  onSecret: OnSecret,
): Promise<Readonly<Record<string, unknown>>> {
  announceFromYaml(onSecret, text);
  const document = await parseYaml(text, where);
  announceFromTree(onSecret, document);
  if (document === null || document === '') return {};
  if (!isMap(document)) {
    throw configError(`${where}: this is not a map of settings (expected name: value lines)`);
  }
  refuseUnknown(Object.keys(document), [...optionNames('config'), 'registries'], where);
  const trustedOnly = Object.keys(document).find(
    (name) => isOptionName(name) && OPTIONS[name].config === 'trusted',
  );
  if (!trusted && trustedOnly !== undefined) throw forbidden(where, trustedOnly);
  return document;
}

/** A file that may come with a pull request asked for what only the workflow decides. */
export function forbidden(where: string, name: string): Error {
  return configError(
    `${where}: ${name} cannot be set by a file inside the workspace (expected in the workflow's inputs, or in YAML text given as config)`,
  );
}
