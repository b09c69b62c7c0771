/**
 * bcrypt, for the password files of registries: they take no other hash, and neither Node nor
 * openssl has it. Written from Provos and Mazières, "A Future-Adaptable Password Scheme" (USENIX
 * 1999) and Schneier's description of Blowfish, whose tables are the digits of pi.
 */
import { randomBytes } from 'node:crypto';

const ROUNDS = 16;
const TABLE_WORDS = ROUNDS + 2 + 4 * 256;
const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

interface State {
  readonly p: Uint32Array;
  readonly s: Uint32Array;
}

/**
 * The hash of a password as htpasswd writes it: `$2y$…`.
 * @param cost logarithm of the work; 4 is the least allowed, and enough for a test
 */
export function bcrypt(password: string, salt: Buffer = randomBytes(16), cost = 4): string {
  const key = wordsOf(Buffer.concat([Buffer.from(password), Buffer.alloc(1)]));
  const saltWords = wordsOf(salt);
  const state = initialState();
  expandKey(state, key, saltWords);
  for (let round = 0; round < 2 ** cost; round += 1) {
    expandKey(state, key);
    expandKey(state, saltWords);
  }
  const block = new Uint32Array(6);
  const text = Buffer.from('OrpheanBeholderScryDoubt');
  for (let at = 0; at < 6; at += 1) block[at] = text.readUInt32BE(at * 4);
  for (let round = 0; round < 64; round += 1) {
    for (let at = 0; at < 6; at += 2) encipher(state, block, at);
  }
  const digest = Buffer.alloc(24);
  block.forEach((word, at) => digest.writeUInt32BE(word, at * 4));
  // The last byte of the digest is left out: an oversight of the first version, kept by all.
  return `$2y$${String(cost).padStart(2, '0')}$${base64(salt)}${base64(digest.subarray(0, 23))}`;
}

/** Endless 32-bit words of a key, from its first byte again when it ends. */
function wordsOf(bytes: Buffer): (at: number) => number {
  return (at) => {
    let word = 0;
    for (let byte = 0; byte < 4; byte += 1) {
      word = (word << 8) | (bytes[(at * 4 + byte) % bytes.length] ?? 0);
    }
    return word >>> 0;
  };
}

function expandKey(
  state: State,
  key: (at: number) => number,
  salt: (at: number) => number = () => 0,
): void {
  for (let at = 0; at < state.p.length; at += 1) state.p[at] = (state.p[at] ?? 0) ^ key(at);
  const block = new Uint32Array(2);
  let used = 0;
  for (const table of [state.p, state.s]) {
    for (let at = 0; at < table.length; at += 2) {
      block[0] = (block[0] ?? 0) ^ salt(used);
      block[1] = (block[1] ?? 0) ^ salt(used + 1);
      used += 2;
      encipher(state, block, 0);
      table.set(block, at);
    }
  }
}

/** One Blowfish block, in place. */
function encipher({ p, s }: State, block: Uint32Array, at: number): void {
  let left = block[at] ?? 0;
  let right = block[at + 1] ?? 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    left ^= p[round] ?? 0;
    const sum = (s[left >>> 24] ?? 0) + (s[256 + ((left >>> 16) & 255)] ?? 0);
    const mixed = (sum ^ (s[512 + ((left >>> 8) & 255)] ?? 0)) + (s[768 + (left & 255)] ?? 0);
    [left, right] = [right ^ mixed, left];
  }
  block[at] = right ^ (p[ROUNDS + 1] ?? 0);
  block[at + 1] = left ^ (p[ROUNDS] ?? 0);
}

function initialState(): State {
  const words = fractionOfPi();
  return { p: words.slice(0, ROUNDS + 2), s: words.slice(ROUNDS + 2) };
}

/** The first words after the point of pi, by Machin's formula in integers. */
function fractionOfPi(): Uint32Array {
  const guard = 64n;
  const bits = BigInt(TABLE_WORDS * 32);
  const one = 1n << (bits + guard);
  const arctanOfInverse = (x: bigint): bigint => {
    let sum = 0n;
    let sign = 1n;
    for (let power = one / x, n = 1n; power > 0n; power /= x * x, n += 2n) {
      sum += (sign * power) / n;
      sign = -sign;
    }
    return sum;
  };
  const pi = 4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n));
  const hex = ((pi - 3n * one) >> guard).toString(16).padStart(TABLE_WORDS * 8, '0');
  return Uint32Array.from({ length: TABLE_WORDS }, (_, at) =>
    Number.parseInt(hex.slice(at * 8, at * 8 + 8), 16),
  );
}

/** bcrypt's own base64: another alphabet, no padding. */
function base64(bytes: Buffer): string {
  const standard = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return bytes
    .toString('base64')
    .replace(/=+$/, '')
    .replace(/./g, (letter) => ALPHABET[standard.indexOf(letter)] ?? '');
}
