import type { Config } from '../config/config.ts';
import type { Environment } from '../config/layers.ts';
import type { Handler, HttpResponse } from '../http/transport.ts';
import type { Ancestry, Kinship } from '../push/tags/forward.ts';
import { messageOf } from '../util/errors.ts';

export interface AncestryOptions {
  readonly config: Pick<Config, 'githubApiUrl' | 'githubToken'>;
  readonly env: Environment;
  /** sends without a registry's credentials */
  readonly send: Handler;
}

/** GitHub answers within seconds; a push should not wait for it longer than this. */
const PATIENCE_MS = 30_000;
/** A comparison lists changed files; GitHub itself ends that list long before this. */
const MAX_BYTES = 16 * 1024 * 1024;
const RELATIONS = ['ahead', 'behind', 'identical', 'diverged'] as const;

/** `owner/name` when the source is the repository that this workflow runs for. */
function ownRepository(source: string, env: Environment): string | undefined {
  const { GITHUB_REPOSITORY: repository, GITHUB_SERVER_URL: server = 'https://github.com' } = env;
  if (!repository || !/^[\w.-]+\/[\w.-]+$/.test(repository)) return undefined;
  const named = source
    .trim()
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  const own = `${server.replace(/\/+$/, '')}/${repository}`;
  return named.toLowerCase() === own.toLowerCase() ? repository : undefined;
}

function readAnswer({ status, body }: HttpResponse): Kinship {
  if (status === 404) return { reason: 'GitHub does not know both commits' };
  if (status !== 200) return { reason: `GitHub’s API answered with status ${status}` };
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    answer = undefined;
  }
  const said = (answer as { status?: unknown } | null | undefined)?.status;
  const relation = RELATIONS.find((one) => one === said);
  return relation ? { relation } : { reason: 'GitHub’s API gave no answer that can be read' };
}

/**
 * How commits follow each other, as GitHub's compare endpoint knows it. Only the workflow's own
 * repository is asked about, and only at the configured address: what an image says of its source is
 * anybody's text. Whatever goes wrong is an answer that says so.
 */
export function createAncestry({ config, env, send }: AncestryOptions): Ancestry {
  return async ({ source, base, head }, signal) => {
    const repository = ownRepository(source, env);
    if (!repository) {
      return { reason: 'their source is not the repository that this workflow runs for' };
    }
    const { githubApiUrl, githubToken } = config;
    const url = new URL(`${githubApiUrl}/repos/${repository}/compare/${base}...${head}?per_page=1`);
    try {
      const response = await send({
        method: 'GET',
        url,
        registry: url.host,
        headers: {
          accept: 'application/vnd.github+json',
          'x-github-api-version': '2022-11-28',
          ...(githubToken ? { authorization: `Bearer ${githubToken}` } : {}),
        },
        maxResponseBytes: MAX_BYTES,
        signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
      });
      return readAnswer(response);
    } catch (error) {
      signal.throwIfAborted();
      return { reason: `GitHub could not be asked (${messageOf(error).replace(/\.$/, '')})` };
    }
  };
}
