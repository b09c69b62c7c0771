import { createHash } from 'node:crypto';

const NAME_LENGTH = 80;
// Devices to Windows, whatever follows after a dot.
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/;
/** What is put behind a name that had to be changed; so no other name may end like this. */
const MARK = /-[0-9a-f]{16}$/;

/**
 * The name of an image's resume file: one on every system, whatever the image is called, and
 * different for different images also where `A` and `a` are the same file.
 */
export function resumeFileName(image: string): string {
  let name = image
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '_')
    .slice(0, NAME_LENGTH)
    .replace(/^[.-]/, '_');
  if (RESERVED.test(name) || name === '') name = `_${name}`;
  if (name !== image || MARK.test(name)) {
    name += `-${createHash('sha256').update(image).digest('hex').slice(0, 16)}`;
  }
  return `${name}.json`;
}
