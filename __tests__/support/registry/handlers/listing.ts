import type { Context } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { OCI_INDEX } from '../grammar.ts';

/** GET tags/list, with n, last and Link. */
export async function listTags(context: Context, exchange: Exchange): Promise<void> {
  const { repo = '' } = exchange.route;
  if (!context.store.hasRepository(repo)) {
    await exchange.fail(404, 'NAME_UNKNOWN', 'repository name not known to registry');
    return;
  }
  const last = exchange.query.get('last');
  const limit = exchange.query.has('n') ? Number(exchange.query.get('n')) : Infinity;
  const all = Object.keys(context.store.tags(repo)).filter((tag) => last === null || tag > last);
  const tags = all.slice(0, limit);
  const next = tags.at(-1);
  const more = all.length > tags.length && next !== undefined;
  const link = `</v2/${repo}/tags/list?n=${limit}&last=${next}>; rel="next"`;
  await exchange.replyJson(200, { name: repo, tags }, more ? { link } : {});
}

/** GET referrers, with its filter. */
export async function listReferrers(context: Context, exchange: Exchange): Promise<void> {
  const { repo = '', reference = '' } = exchange.route;
  if (!context.options.features.referrers) {
    await exchange.fail(404, 'UNSUPPORTED', 'there is no referrers API');
    return;
  }
  const filter = exchange.query.get('artifactType');
  const all = context.store.referrers(repo, reference);
  const manifests = all.filter((entry) => filter === null || entry.artifactType === filter);
  const headers = filter === null ? {} : { 'oci-filters-applied': 'artifactType' };
  await exchange.replyJson(
    200,
    { schemaVersion: 2, mediaType: OCI_INDEX, manifests },
    { 'content-type': OCI_INDEX, ...headers },
  );
}
