import {
  checkChildren,
  checkManifestBytes,
  checkManifestRead,
  checkTagMove,
  checkTagOrder,
  hasDigest,
} from '../checks/manifest.ts';
import type { Context } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { contentLocation } from '../location.ts';
import { parseManifest } from '../manifest.ts';
import type { ParsedManifest } from '../manifest.ts';
import { digestOf } from '../store.ts';

/** HEAD and GET of a manifest. */
export async function readManifest(context: Context, exchange: Exchange): Promise<void> {
  checkManifestRead(exchange);
  const { repo = '', reference = '' } = exchange.route;
  const manifest = context.store.manifest(repo, reference);
  if (manifest === undefined) {
    await exchange.fail(404, 'MANIFEST_UNKNOWN', 'manifest unknown to registry');
    return;
  }
  const headers = {
    'content-type': manifest.mediaType,
    'content-length': manifest.bytes.length,
    'docker-content-digest': manifest.digest,
  };
  await exchange.reply(200, headers, [manifest.bytes]);
}

/** DELETE of a manifest or a tag. */
export async function deleteManifest(context: Context, exchange: Exchange): Promise<void> {
  const { repo = '', reference = '' } = exchange.route;
  if (!context.options.features.deleteManifests) {
    await exchange.fail(405, 'UNSUPPORTED', 'manifests cannot be deleted');
  } else if (context.store.deleteManifest(repo, reference)) {
    await exchange.reply(202, { 'content-length': 0 });
  } else {
    await exchange.fail(404, 'MANIFEST_UNKNOWN', 'manifest unknown to registry');
  }
}

/** PUT of a manifest, by digest or by tag. */
export async function pushManifest(context: Context, exchange: Exchange): Promise<void> {
  const { repo = '', reference = '', kind } = exchange.route;
  const bytes = await readBody(exchange);
  const parsed = parseManifest(bytes);
  checkManifestBytes(exchange, bytes, parsed);
  const byDigest = kind === 'manifest-put';
  if (bytes.length > context.options.features.manifestMax) {
    await exchange.fail(413, 'SIZE_INVALID', 'the manifest is too large');
  } else if (parsed === undefined) {
    await exchange.fail(400, 'MANIFEST_INVALID', 'the manifest is no JSON object');
  } else if (byDigest && !hasDigest(bytes, reference)) {
    await exchange.fail(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  } else {
    const digest = byDigest ? reference : digestOf(bytes);
    checkTagOrder(context, exchange, digest);
    checkTagMove(context, exchange, parsed);
    const missing = checkChildren(context, exchange, parsed);
    if (missing.length > 0) await answerMissing(context, exchange, missing);
    else await store(context, exchange, { repo, digest, bytes, parsed });
  }
}

interface Accepted {
  readonly repo: string;
  readonly digest: string;
  readonly bytes: Buffer;
  readonly parsed: ParsedManifest;
}

async function store(context: Context, exchange: Exchange, accepted: Accepted): Promise<void> {
  const { repo, digest, bytes, parsed } = accepted;
  const { features } = context.options;
  const tags = tagsOf(context, exchange);
  if (tags.some((tag) => isImmutable(context, repo, tag, digest))) {
    const { status = 400, code = 'DENIED' } = features.immutableTags ?? {};
    await exchange.fail(status, code, 'the tag is immutable');
    return;
  }
  const mediaType = exchange.header('content-type') ?? parsed.mediaType ?? '';
  context.store.putManifest(repo, bytes, mediaType, digest);
  for (const tag of tags) context.store.setTag(repo, tag, digest);

  const headers: Record<string, string | string[] | number> = {
    location: contentLocation(context, exchange, `/v2/${repo}/manifests/${digest}`),
    'docker-content-digest': digest,
    'content-length': 0,
  };
  if (exchange.route.kind === 'manifest-put' && tags.length > 0) headers['oci-tag'] = fold(tags);
  const { subject } = parsed;
  if (subject !== undefined && features.referrers) headers['oci-subject'] = subject.digest;
  if (subject !== undefined && !features.referrers && exchange.deliverable) {
    context.unlistedReferrers.push({ repo, digest, subject: subject.digest });
  }
  await exchange.reply(201, headers);
}

/** The tags this request sets: the one in its path, or those of the query where that works. */
function tagsOf(context: Context, { route, query }: Exchange): string[] {
  if (route.kind === 'tag-put') return [route.reference ?? ''];
  return context.options.features.ociTag ? query.getAll('tag') : [];
}

/** Several tags in one line and further lines are one list; clients must read both. */
function fold(tags: readonly string[]): string[] {
  const last = tags.at(-1);
  const first = tags.slice(0, -1).join(', ');
  return [first, last].filter((line) => line !== undefined && line !== '') as string[];
}

function isImmutable(context: Context, repo: string, tag: string, digest: string): boolean {
  const { immutableTags } = context.options.features;
  const current = context.store.manifest(repo, tag)?.digest;
  if (immutableTags === undefined || current === undefined) return false;
  return current !== digest || immutableTags.sameDigestToo === true;
}

async function answerMissing(
  context: Context,
  exchange: Exchange,
  missing: readonly string[],
): Promise<void> {
  const errors = missing.map((digest) => ({
    code: 'MANIFEST_BLOB_UNKNOWN',
    message: 'manifest references a manifest or blob unknown to registry',
    detail: { digest },
  }));
  await exchange.replyJson(context.options.features.blobUnknownStatus, { errors });
}

async function readBody(exchange: Exchange): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of exchange.body()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
