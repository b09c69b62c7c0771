import { BlockList, isIP } from 'node:net';

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv6');
}

/** The host of a URL without the brackets of an IPv6 address. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** True for addresses that only this machine or its own network answers. */
export function isPrivateAddress(address: string): boolean {
  const host = bare(address);
  const family = isIP(host);
  if (family === 0) return false;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1];
  if (mapped) return PRIVATE.check(mapped, 'ipv4');
  return PRIVATE.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** True for `localhost`, `*.localhost` and loopback addresses: what Docker treats as this machine. */
export function isLoopbackHost(hostname: string): boolean {
  const host = bare(hostname).toLowerCase();
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '::1' ||
    /^127(\.\d+){3}$/.test(host)
  );
}

/** All addresses of a host name; `node:dns` in production. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** Asks the operating system, as the connection itself will. */
export const systemResolve: Resolve = async (hostname) => {
  const { lookup } = await import('node:dns/promises');
  const found = await lookup(bare(hostname), { all: true });
  return found.map(({ address }) => address);
};

/** True when the host is, or resolves to, a private address. A name that cannot be resolved is not. */
export async function leadsInside(hostname: string, resolve: Resolve): Promise<boolean> {
  if (isLoopbackHost(hostname) || isPrivateAddress(hostname)) return true;
  if (isIP(bare(hostname)) !== 0) return false;
  try {
    return (await resolve(hostname)).some(isPrivateAddress);
  } catch {
    return false;
  }
}
