/** A part of a blob: `start` inclusive, `end` exclusive, bytes. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The value of Content-Range for a chunk. The specification has no unit in it: registries that
 * follow it refuse `bytes 0-9`.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 */
export function contentRange({ start, end }: Range): string {
  return `${start}-${end - 1}`;
}

/**
 * Reads how many bytes a registry says it has. `0-9` is ten; `0--1` is none (olareg). `0-0` is what
 * distribution answers for an empty session, and would also be one byte: nobody sends one byte, so
 * it is read as none.
 * @returns bytes; undefined when the header is missing or malformed
 */
export function parseOffset(range: string | undefined): number | undefined {
  const last = /^(?:bytes=)?0-(-?\d{1,16})$/.exec(range?.trim() ?? '')?.[1];
  if (last === undefined) return undefined;
  const end = Number(last);
  return end <= 0 ? 0 : end + 1;
}

/**
 * Sizes to try after a 413, largest first: what people configure (nginx's 1 GiB, Cloudflare's
 * 100 MB, ACR's 20 MB, nginx's default of 1 MiB), each a little below, for headers count too.
 */
const COMMON_LIMITS = [512, 256, 90, 32, 16, 8, 4].map((size) => size * 1024 * 1024);
const SMALLEST = 900 * 1024;

/**
 * The next body size to try after one was refused as too large.
 * @returns bytes; undefined when there is nothing smaller worth trying
 */
export function smallerThan(refused: number): number | undefined {
  const next = COMMON_LIMITS.find((size) => size < refused);
  return next ?? (refused > SMALLEST ? SMALLEST : undefined);
}
