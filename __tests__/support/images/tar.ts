import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

/** A tar entry: a file with its content, or a link inside the archive. */
export type TarItem =
  | { readonly name: string; readonly content: string | Uint8Array }
  | { readonly name: string; readonly link: string; readonly hard?: boolean };

const EPOCH = new Date(0);

/** A tar archive in memory; the same items give the same bytes. Names may occur twice. */
export async function packTar(items: readonly TarItem[]): Promise<Buffer> {
  const archive = pack();
  for (const item of items) {
    const header = { name: item.name, mode: 0o644, mtime: EPOCH };
    if ('link' in item) {
      const type = item.hard === true ? ('link' as const) : ('symlink' as const);
      archive.entry({ ...header, type, linkname: item.link });
    } else {
      archive.entry(header, Buffer.from(item.content));
    }
  }
  archive.finalize();
  return buffer(archive);
}
