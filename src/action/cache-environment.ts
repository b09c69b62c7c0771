type Environment = Readonly<Record<string, string | undefined>>;

/** What may be done with the Actions cache. */
export interface CacheAccess {
  readonly readable: boolean;
  readonly writable: boolean;
}

/**
 * What the toolkit needs of the environment, and no more: the inputs and the tokens of the job are
 * none of its business. RUNNER_TRACKING_ID lets a runner find what a killed step has left running.
 */
const PASSED: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USERPROFILE',
  'TMPDIR',
  'TMP',
  'TEMP',
  'LANG',
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'COMSPEC',
  'PATHEXT',
  'PROGRAMFILES',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_SYSTEM_CA',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'RUNNER_OS',
  'RUNNER_ARCH',
  'RUNNER_TRACKING_ID',
  'GITHUB_ACTIONS',
  'GITHUB_SERVER_URL',
  'ACTIONS_RUNTIME_TOKEN',
  'ACTIONS_RESULTS_URL',
  'ACTIONS_CACHE_URL',
  'ACTIONS_CACHE_SERVICE_V2',
  'ACTIONS_CACHE_MODE',
  'ACTIONS_ORCHESTRATION_ID',
]);

/** GitHub Enterprise Server has the first version of the service only, whatever is set. */
function isEnterpriseServer(url: string | undefined): boolean {
  if (!url || !URL.canParse(url)) return false;
  const host = new URL(url).hostname.toLowerCase();
  return host !== 'github.com' && !host.endsWith('.ghe.com') && !host.endsWith('.localhost');
}

/**
 * Whether this step can use the Actions cache: the toolkit's own rules, so that it is not loaded
 * only to find out. Undefined where a runner offers none.
 */
export function cacheAccess(env: Environment): CacheAccess | undefined {
  if (!env['ACTIONS_RUNTIME_TOKEN']) return undefined;
  const second = env['ACTIONS_CACHE_SERVICE_V2'] && !isEnterpriseServer(env['GITHUB_SERVER_URL']);
  if (!(second ? env['ACTIONS_RESULTS_URL'] : env['ACTIONS_CACHE_URL'])) return undefined;
  const mode = env['ACTIONS_CACHE_MODE']?.trim().toLowerCase() ?? '';
  return {
    readable: mode !== 'none' && mode !== 'write-only',
    writable: mode !== 'none' && mode !== 'read',
  };
}

/** The environment of the process in which the toolkit runs. */
export function toolkitEnvironment(env: Environment): Readonly<Record<string, string>> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    // Proxies are often in lower case, and Windows writes Path and SystemRoot.
    if (value !== undefined && PASSED.has(name.toUpperCase())) passed[name] = value;
  }
  return passed;
}
