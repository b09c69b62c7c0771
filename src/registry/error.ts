import { isTransient } from '../http/retry.ts';
import { announcedWait, isThrottled } from '../http/throttle.ts';
import type { HttpResponse, Method } from '../http/transport.ts';
import { redactUrl } from '../http/redact.ts';
import { PushError, type ErrorCode, type PushErrorOptions } from '../util/errors.ts';
import { printable } from '../util/text.ts';

/** One entry of a registry's error list (distribution-spec, "Error codes"). */
export interface RegistryProblem {
  readonly code: string;
  readonly message: string;
}

export interface RegistryErrorDetails {
  readonly status: number;
  readonly problems: readonly RegistryProblem[];
  readonly method: Method;
  /** without state and secrets */
  readonly url: string;
  readonly requestId: string | undefined;
  /** how long the registry asked to wait, milliseconds */
  readonly retryAfterMs: number | undefined;
}

/** A registry's refusal, in the registry's own words (made safe to print). */
export class RegistryError extends PushError implements RegistryErrorDetails {
  override readonly name: string = 'RegistryError';
  readonly status: number;
  readonly problems: readonly RegistryProblem[];
  readonly method: Method;
  readonly url: string;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: RegistryErrorDetails, options: PushErrorOptions) {
    super(message, options);
    this.status = details.status;
    this.problems = details.problems;
    this.method = details.method;
    this.url = details.url;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** The registry's error codes, for example `MANIFEST_UNKNOWN`. */
  get codes(): readonly string[] {
    return this.problems.map(({ code }) => code);
  }
}

const MAX_PROBLEMS = 5;
const REQUEST_ID_HEADERS = [
  'x-request-id',
  'x-github-request-id',
  'x-amzn-requestid',
  'x-ms-correlation-request-id',
  'x-gitlab-request-id',
];

function words(text: unknown): string {
  return typeof text === 'string' ? printable(text) : '';
}

function toProblem(value: unknown): RegistryProblem[] {
  if (typeof value !== 'object' || value === null) return [];
  const { code, message } = value as Record<string, unknown>;
  return code === undefined && message === undefined
    ? []
    : [{ code: words(code) || 'UNKNOWN', message: words(message) }];
}

/** The error list of a response; empty when the body is something else (an HTML page of a proxy). */
export function problemsOf(response: HttpResponse): readonly RegistryProblem[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(response.body).toString('utf8'));
    const { errors } = (value ?? {}) as { errors?: unknown };
    if (Array.isArray(errors)) return errors.slice(0, MAX_PROBLEMS).flatMap(toProblem);
    return toProblem(value);
  } catch {
    return [];
  }
}

/** False for a web server that happens to listen there: it answers HTML, and no registry code. */
function speaksRegistry(response: HttpResponse, problems: readonly RegistryProblem[]): boolean {
  const type = response.headers['content-type'] ?? '';
  return (
    problems.length > 0 ||
    'docker-distribution-api-version' in response.headers ||
    !type.startsWith('text/html')
  );
}

interface Verdict {
  readonly code: ErrorCode;
  readonly hint: string;
}

function forbidden(text: string): Verdict {
  if (/immutab/i.test(text)) {
    return { code: 'REGISTRY', hint: 'The tag is immutable there: push under another tag.' };
  }
  if (/quota|storage limit|exceed/i.test(text)) {
    return { code: 'REGISTRY', hint: 'Free space or raise the quota in the registry.' };
  }
  return {
    code: 'AUTHENTICATION',
    hint: 'Check that a login is given for this registry, and the rights of its user or token (on GitHub: permissions: packages: write).',
  };
}

function verdict(
  status: number,
  text: string,
  codes: readonly string[],
  plainHttp: boolean,
): Verdict {
  if (status === 401) {
    return { code: 'AUTHENTICATION', hint: 'Check username and password for this registry.' };
  }
  if (status === 403) return forbidden(text);
  if (status === 413) {
    return {
      code: 'REGISTRY',
      hint: 'The registry, or a proxy before it, limits the size of a request body: raise that limit (nginx: client_max_body_size).',
    };
  }
  // Gitea, asked for an owner it does not have, answers a bare 404.
  const nameless = codes.every((code) => code === 'NAME_UNKNOWN' || code === 'NAME_INVALID');
  if (status === 404 && nameless) {
    return {
      code: 'REGISTRY',
      hint: 'Create the repository, or the owner or project it is to be in, in the registry first, or check its name.',
    };
  }
  if (status === 412 || /immutab/i.test(text)) return forbidden('immutable');
  if (status === 429 || status >= 500) {
    return {
      code: 'REGISTRY',
      hint: 'The registry is overloaded or broken: run the push again later.',
    };
  }
  if (plainHttp && status === 400) {
    return { code: 'REGISTRY', hint: 'If it speaks TLS there, leave plain-http (or http://) out.' };
  }
  return { code: 'REGISTRY', hint: 'Run again with verbose: true to see each request.' };
}

function sentence(registry: string, doing: string, details: RegistryErrorDetails): string {
  const { status, problems } = details;
  const words = problems.map(({ code, message }) => (message ? `${code}: ${message}` : code));
  // Once more as a whole: what is safe by itself may not be beside something else.
  const said = printable(words.join('; '), 1500);
  return `${registry} refused to ${doing}: status ${status}${said ? ` (${said})` : ''}.`;
}

/** Go's servers and nginx say so to plain HTTP on a port that speaks TLS. */
function expectsTls(response: HttpResponse): boolean {
  if (response.status !== 400) return false;
  const text = Buffer.from(response.body.subarray(0, 1024)).toString('utf8');
  return /HTTP request (was sent )?to an? HTTPS (server|port)|plain HTTP request/i.test(text);
}

/**
 * The error for a response nobody expected.
 * @param doing what was attempted, for the sentence: `take blob sha256:…`
 */
export function registryError(
  registry: string,
  doing: string,
  request: { readonly method: Method; readonly url: URL },
  response: HttpResponse,
): RegistryError {
  const { status, headers } = response;
  const problems = problemsOf(response);
  const details: RegistryErrorDetails = {
    status,
    problems,
    method: request.method,
    url: redactUrl(request.url),
    requestId: REQUEST_ID_HEADERS.map((name) => headers[name]).find((id) => id !== undefined),
    retryAfterMs: announcedWait(response, Date.now()),
  };
  const throttled = isThrottled(response);
  const retryable = !response.exhausted && (throttled || isTransient(status));
  const text = problems.map(({ message }) => message).join(' ');
  const { code, hint } = verdict(
    throttled ? 429 : status,
    text,
    problems.map((problem) => problem.code),
    request.url.protocol === 'http:',
  );
  if (request.url.protocol === 'http:' && expectsTls(response)) {
    return new RegistryError(`${registry} does not take plain HTTP there (status 400).`, details, {
      code: 'NETWORK',
      hint: 'It probably speaks TLS: leave plain-http (or http://) out for it.',
    });
  }
  if (status < 500 && status !== 413 && !speaksRegistry(response, problems)) {
    return new RegistryError(
      `${registry} does not answer like a container registry: asked to ${doing}, it sent a web page (status ${status}).`,
      details,
      { code: 'REGISTRY', hint: 'Check the registry’s host and port.', retryable },
    );
  }
  return new RegistryError(sentence(registry, doing, details), details, { code, hint, retryable });
}
