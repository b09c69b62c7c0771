/** Images of bytes that do not compress and are the same on every machine. */
import { createCipheriv } from 'node:crypto';
import { Layout } from './layout.mjs';
import { tarOf } from './tar.mjs';

const MIB = 1024 * 1024;

/**
 * 40 layers of 4 MiB: what a push in parallel, a rate limit or an interruption is measured with.
 * @param {string} folder
 */
export async function makeL40(folder) {
  const layout = new Layout(folder);
  const layers = [];
  for (let at = 0; at < 40; at += 1) {
    const name = `data/${String(at).padStart(2, '0')}.bin`;
    layers.push(await layout.addLayer(tarOf([randomFile(name, 4, at)]), 'gzip', `ADD ${name}`));
  }
  layout.finish([layout.addImage({ architecture: 'amd64', layers })]);
}

/**
 * One uncompressed layer of a given size: larger than what a proxy lets through in one request.
 * @param {string} folder
 * @param {number} mebibytes
 */
export async function makeBig(folder, mebibytes) {
  const layout = new Layout(folder);
  const tar = tarOf([randomFile('blob.bin', mebibytes, mebibytes)]);
  const layer = await layout.addLayer(tar, 'none', 'ADD blob.bin');
  layout.finish([layout.addImage({ architecture: 'amd64', layers: [layer] })]);
}

/**
 * The same layer twice, as every image with two equal build steps has it: docker and skopeo write
 * the second as a link inside their archives.
 * @param {string} folder
 */
export async function makeRepeated(folder) {
  const layout = new Layout(folder);
  const first = await layout.addLayer(tarOf([randomFile('a.bin', 1, 101)]), 'gzip', 'ADD a.bin');
  const note = { name: 'note.txt', content: 'between the two\n' };
  const second = await layout.addLayer(tarOf([note]), 'gzip', 'ADD note.txt');
  layout.finish([layout.addImage({ architecture: 'amd64', layers: [first, second, first] })]);
}

function randomFile(name, mebibytes, seed) {
  return { name, size: mebibytes * MIB, chunks: keystream(mebibytes, seed) };
}

/** AES in counter mode over zeros: as good as random, at the speed of the disk. */
function* keystream(mebibytes, seed) {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(seed);
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 0x5a), iv);
  const zeros = Buffer.alloc(MIB);
  for (let done = 0; done < mebibytes; done += 1) yield cipher.update(zeros);
}
