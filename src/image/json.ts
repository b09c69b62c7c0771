import { FormatError } from '../oci/format-error.ts';
import { imageError, messageOf } from '../util/errors.ts';

/** Any JSON object whose fields are yet to be checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for `{…}`: not for null and not for a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a list of texts. */
export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/**
 * JSON out of an image.
 * @param what names the file in the error
 * @throws PushError IMAGE
 */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw imageError(`${what} is not valid JSON.`, 'The image is damaged.', error);
  }
}

/** Runs a parser of the OCI grammar and says which file it was that broke it. */
export function inFile<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw imageError(`${what}: ${messageOf(error)}.`, undefined, error);
  }
}
