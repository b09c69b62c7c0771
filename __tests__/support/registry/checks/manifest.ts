import type { Context } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { MANIFEST_TYPES, REFERRERS_TAG, algorithmOf, referrersTag } from '../grammar.ts';
import { isForeignLayer } from '../manifest.ts';
import type { Descriptor, ParsedManifest } from '../manifest.ts';
import { digestOf } from '../store.ts';

/** Holds a GET or HEAD of a manifest against the rules. */
export function checkManifestRead(exchange: Exchange): void {
  const accept = exchange.header('accept') ?? '';
  const types = accept.split(',').map((type) => type.split(';')[0]?.trim() ?? '');
  if (!types.some((type) => MANIFEST_TYPES.includes(type))) {
    exchange.violate('manifest-without-accept', accept);
  }
}

/** Holds the headers and the bytes of a pushed manifest against the rules. */
export function checkManifestBytes(
  exchange: Exchange,
  bytes: Buffer,
  parsed: ParsedManifest | undefined,
): void {
  checkManifestType(exchange, parsed?.mediaType);
  if (parsed === undefined) exchange.violate('manifest-not-json');
  for (const field of parsed?.malformed ?? []) exchange.violate('descriptor-malformed', field);
  const { kind, reference = '' } = exchange.route;
  if (kind === 'manifest-put' && !hasDigest(bytes, reference)) {
    exchange.violate('manifest-digest-mismatch');
  }
  if (kind === 'tag-put' && exchange.query.has('tag')) exchange.violate('tag-parameter-on-tag');
}

function checkManifestType(exchange: Exchange, declared: string | undefined): void {
  const type = exchange.header('content-type');
  const bare = type?.split(';')[0]?.trim();
  if (type === undefined) exchange.violate('manifest-type-missing');
  else if (type !== bare) exchange.violate('manifest-type-parameters', type);
  if (declared !== undefined && bare !== undefined && declared !== bare) {
    exchange.violate('manifest-type-mismatch', `${bare} for ${declared}`);
  }
}

/** Whether these bytes have this digest. */
export function hasDigest(bytes: Buffer, digest: string): boolean {
  return digestOf(bytes, algorithmOf(digest)) === digest;
}

/** Holds what a manifest points at against the repository; answers what is not there. */
export function checkChildren(
  context: Context,
  exchange: Exchange,
  parsed: ParsedManifest,
): string[] {
  const { repo = '' } = exchange.route;
  const { sparseIndex } = context.options.features;
  const missing: string[] = [];
  for (const blob of parsed.blobs) {
    const found = context.store.blob(repo, blob.digest);
    if (found !== undefined) checkSize(exchange, blob, found.size);
    else if (!isForeignLayer(blob)) {
      exchange.violate('manifest-before-blobs', blob.digest);
      missing.push(blob.digest);
    }
  }
  for (const child of parsed.manifests) {
    const found = context.store.manifest(repo, child.digest);
    if (found !== undefined) checkSize(exchange, child, found.bytes.length);
    else if (!sparseIndex) {
      exchange.violate('manifest-before-children', child.digest);
      missing.push(child.digest);
    }
  }
  return missing;
}

/** Holds a move of a tag against what is stored already. */
export function checkTagMove(context: Context, exchange: Exchange, parsed: ParsedManifest): void {
  const { repo = '', reference = '', kind } = exchange.route;
  if (kind !== 'tag-put') return;
  if (!REFERRERS_TAG.test(reference)) return;
  const before = context.store.manifest(repo, reference)?.parsed.manifests ?? [];
  const after = new Set(parsed.manifests.map((entry) => entry.digest));
  for (const { digest } of before) {
    const exists = context.store.manifest(repo, digest) !== undefined;
    if (exists && !after.has(digest)) exchange.violate('referrers-tag-lost', digest);
  }
}

/** Holds a manifest pushed by tag against the order: by digest first. */
export function checkTagOrder(context: Context, exchange: Exchange, digest: string): void {
  const { repo = '', reference = '', kind } = exchange.route;
  // The specification itself has referrers indexes pushed by tag alone.
  if (kind !== 'tag-put' || REFERRERS_TAG.test(reference)) return;
  if (context.store.manifest(repo, digest) === undefined) exchange.violate('tag-before-digest');
}

/** At the end: every manifest with a subject must be found by those who look at the tag. */
export function checkReferrersTags(context: Context): void {
  for (const { repo, digest, subject } of context.unlistedReferrers) {
    if (context.store.manifest(repo, digest) === undefined) continue;
    const index = context.store.manifest(repo, referrersTag(subject));
    if (index?.parsed.manifests.some((entry) => entry.digest === digest) !== true) {
      context.violations.add('referrers-tag-missing', `${repo}@${digest}`, `subject ${subject}`);
    }
  }
}

function checkSize(exchange: Exchange, { digest, size }: Descriptor, actual: number): void {
  if (size !== actual) {
    exchange.violate('descriptor-size', `${digest} is ${actual} bytes, not ${size}`);
  }
}
