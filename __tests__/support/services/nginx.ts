/** nginx in front of a registry, as idpbuilder's ingress stands in front of Gitea. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startServer } from './process.ts';
import { answers, startService, type KeyPair, type Service } from './service.ts';
import { requireTool } from './tools.ts';

/** How the proxy is configured. */
export interface NginxOptions {
  /** Where it passes requests on to, e.g. `http://127.0.0.1:5000`. */
  readonly upstream: string;
  /** Ends TLS with this certificate; else it is plain HTTP. */
  readonly tls?: KeyPair;
  /** Default `1024m`, what idpbuilder sets: a larger body is answered 413. */
  readonly bodyLimit?: string;
  /** Default true: a body is taken in whole before the registry sees its first byte. */
  readonly buffering?: boolean;
  readonly port?: number;
}

/** Starts nginx. */
export function startNginx(options: NginxOptions): Promise<Service> {
  const file = requireTool('nginx');
  const tls = options.tls !== undefined;
  return startService('nginx', { port: options.port, tls }, async (port, folder) => {
    const configuration = join(folder, 'nginx.conf');
    await mkdir(join(folder, 'temp'), { recursive: true });
    await writeFile(configuration, configure(port, folder, options));
    const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}/`;
    const args = ['-p', folder, '-e', 'stderr', '-c', configuration];
    // A 502 means that nginx is up and its upstream is not: not what a suite wants to start with.
    return startServer(file, args, { probe: answers(url) });
  });
}

function configure(port: number, folder: string, options: NginxOptions): string {
  const { upstream, tls, bodyLimit = '1024m', buffering = true } = options;
  const onOff = buffering ? 'on' : 'off';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${join(folder, 'temp', kind)};`,
  );
  // Started by root, the workers are another user by default, who cannot enter our folder.
  const user = process.getuid?.() === 0 ? ['user root;'] : [];
  const certificate =
    tls === undefined
      ? []
      : [`    ssl_certificate ${tls.certFile};`, `    ssl_certificate_key ${tls.keyFile};`];
  return [
    ...user,
    'daemon off;',
    'worker_processes 1;',
    `pid ${join(folder, 'nginx.pid')};`,
    'events { worker_connections 512; }',
    'http {',
    `  access_log ${join(folder, 'access.log')};`,
    ...temporary,
    '  server {',
    `    listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl'};`,
    ...certificate,
    `    client_max_body_size ${bodyLimit};`,
    '    location / {',
    `      proxy_pass ${upstream};`,
    '      proxy_ssl_verify off;',
    '      proxy_http_version 1.1;',
    `      proxy_request_buffering ${onOff};`,
    `      proxy_buffering ${onOff};`,
    '      proxy_read_timeout 60s;',
    '      proxy_send_timeout 60s;',
    '      proxy_set_header Connection "";',
    '      proxy_set_header Host $http_host;',
    '      proxy_set_header X-Real-IP $remote_addr;',
    '      proxy_set_header X-Forwarded-For $remote_addr;',
    '      proxy_set_header X-Forwarded-Host $http_host;',
    '      proxy_set_header X-Forwarded-Proto $scheme;',
    '    }',
    '  }',
    '}',
    '',
  ].join('\n');
}
