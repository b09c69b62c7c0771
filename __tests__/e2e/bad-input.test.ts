/** Whatever is wrong: one sentence that names it and the way out, and the exit code for its kind. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chmod, mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWith } from '../support/services/describe-with.ts';
import {
  removeFolder,
  requireImage,
  selfSigned,
  startDistribution,
  startGitea,
  temporaryFolder,
  type Gitea,
  type Service,
} from '../support/services/index.ts';
import { runAction, runCli, type Inputs, type RunResult } from './support/run.ts';
import { startWebServer, type WebServer } from './support/web-server.ts';

jest.setTimeout(120_000);

const STACK = /^\s+at .+[:(]\d+|node:internal/m;

/** What is printed besides progress: the sentence, and below it the way out. */
function complaint({ stderr }: RunResult): string[] {
  const progress = /^(?:opening|pushing|publishing|uploading)\b/;
  return stderr.split('\n').filter((line) => line !== '' && !progress.test(line));
}

/** The error of a step: one annotation. */
function annotation({ stdout }: RunResult): string {
  const errors = stdout.split('\n').filter((line) => line.startsWith('::error '));
  expect(errors).toHaveLength(1);
  return errors[0] ?? '';
}

describeWith(['image:repeated', 'image:debian'], 'bad input', () => {
  let folder: string;
  /** nothing may be sent to it by who can know before that it is no use */
  let server: WebServer;
  let image: string;

  beforeAll(async () => {
    folder = await temporaryFolder('bad-input');
    server = await startWebServer();
    image = `oci:${requireImage('repeated')}`;
  });

  afterAll(async () => {
    await server?.stop();
    if (folder) await removeFolder(folder);
  });

  interface Expected {
    readonly code: number;
    readonly says: readonly string[];
  }

  /** Checks a failed command: its code, its sentence, and that there is little more. */
  const check = (run: RunResult, { code, says }: Expected): void => {
    expect(run.code).toBe(code);
    const lines = complaint(run);
    expect(lines.length).toBeGreaterThanOrEqual(1);
    expect(lines.length).toBeLessThanOrEqual(2);
    for (const line of lines.slice(1)) expect(line).toMatch(/^→ /);
    for (const text of says) expect(lines.join('\n')).toContain(text);
    expect(run.output).not.toMatch(STACK);
    expect(run.stdout).toBe('');
    expect(run.leftovers).toEqual([]);
  };

  describe('known before anything is sent', () => {
    const host = (): string => server.host;
    const cases: readonly [title: string, args: () => readonly string[], expected: Expected][] = [
      [
        'an unknown option',
        () => ['--plain-htp', image, `${host()}/a:1`],
        { code: 1, says: ['unknown option --plain-htp', 'did you mean --plain-http?'] },
      ],
      [
        'an option without its value',
        () => [image, `${host()}/a:1`, '--username'],
        { code: 1, says: ['--username: the value is missing'] },
      ],
      ['no tag', () => [image], { code: 1, says: ['tags:', 'expected at least one'] }],
      ['nothing at all', () => [], { code: 1, says: ['source: nothing is given to push'] }],
      [
        'a malformed reference',
        () => [image, `${host()}/UPPER/case:1`],
        { code: 1, says: ['tags:', 'UPPER/case', 'lower case'] },
      ],
      [
        'a reference with a scheme',
        () => [image, `http://${host()}/a:1`],
        { code: 1, says: ['tags:', 'has a scheme', 'expected registry/repository:tag'] },
      ],
      [
        'a missing folder',
        () => ['oci:/not/there', `${host()}/a:1`],
        { code: 4, says: ['source: there is no file or folder /not/there', 'oci:DIR'] },
      ],
      [
        'a missing archive',
        () => ['docker-archive:/not/there.tar', `${host()}/a:1`],
        { code: 4, says: ['source: there is no file or folder /not/there.tar'] },
      ],
      [
        'an unknown transport',
        () => ['ostree:/a', `${host()}/a:1`],
        { code: 1, says: ['source: "ostree:" is not a transport', 'oci-archive'] },
      ],
      [
        'an unknown platform',
        () => ['--platforms=linux/s390x', `oci:${requireImage('debian')}`, `${host()}/a:1`],
        { code: 4, says: ['platforms asks for linux/s390x', 'linux/amd64, linux/arm64'] },
      ],
      [
        'a platform that is none',
        () => ['--platforms=amd64', image, `${host()}/a:1`],
        { code: 1, says: ['platforms: "amd64" is not a platform', 'linux/arm64'] },
      ],
      [
        'a number that is none',
        () => ['--retry-attempts=many', image, `${host()}/a:1`],
        { code: 1, says: ['retry-attempts: "many" is not a whole number'] },
      ],
      [
        'a duration that is none',
        () => ['--timeout=soon', image, `${host()}/a:1`],
        { code: 1, says: ['timeout: "soon" is not a duration', '1h30m'] },
      ],
      [
        'a user name without a password',
        () => ['--username=me', image, `${host()}/a:1`],
        { code: 1, says: ['username: given without a password'] },
      ],
      [
        'a missing file of authorities',
        () => ['--ca-file=/not/there.pem', image, `${host()}/a:1`],
        { code: 1, says: ['ca-file: /not/there.pem does not exist'] },
      ],
      [
        'a missing config',
        () => ['--config=/not/there.yml', image, `${host()}/a:1`],
        { code: 1, says: ['config:', '/not/there.yml', 'there is no such file'] },
      ],
    ];

    it.each(cases)('%s', async (_title, args, expected) => {
      const before = server.requests.length;
      check(await runCli(args()), expected);
      expect(server.requests).toHaveLength(before);
    });

    it('a daemon that does not run', async () => {
      const env = { DOCKER_HOST: `unix://${join(folder, 'no.sock')}` };
      const run = await runCli(['docker-daemon:a:1', `${host()}/a:1`], { env });
      check(run, { code: 4, says: ['no.sock', 'DOCKER_HOST'] });
      expect(server.requests).toHaveLength(0);
    });

    it('a truncated archive', async () => {
      const file = join(folder, 'truncated.tar');
      await writeFile(file, '');
      await truncate(file, 10_000);
      check(await runCli([file, `${host()}/a:1`]), { code: 4, says: [file] });
      expect(server.requests).toHaveLength(0);
    });
  });

  it('the place in the code only where it is asked for', async () => {
    const run = await runCli(['--verbose', '--frobnicate', image, `${server.host}/a:1`]);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(STACK);
  });

  describe('as a step', () => {
    const cases: readonly [title: string, inputs: () => Inputs, expected: Expected][] = [
      [
        'a malformed reference',
        () => ({ source: image, tags: `${server.host}/UPPER/case:1` }),
        { code: 1, says: ['tags:', 'lower case'] },
      ],
      [
        'a missing file',
        () => ({ source: 'oci:/not/there', tags: `${server.host}/a:1` }),
        { code: 4, says: ['source:', '/not/there'] },
      ],
      [
        'a boolean that is none',
        () => ({ source: image, tags: `${server.host}/a:1`, insecure: 'yes' }),
        { code: 1, says: ['insecure: "yes" is not true or false'] },
      ],
      [
        'an unknown platform',
        () => ({ source: image, tags: `${server.host}/a:1`, platforms: 'linux/s390x' }),
        { code: 4, says: ['platforms asks for linux/s390x'] },
      ],
    ];

    it.each(cases)('%s', async (_title, inputs, { code, says }) => {
      const run = await runAction(inputs());
      expect(run.code).toBe(code);
      expect(run.outputs['exit-code']).toBe(String(code));
      expect(run.outputs['image']).toBe('');
      for (const text of says) expect(annotation(run)).toContain(text);
      expect(run.output).not.toMatch(STACK);
      expect(server.requests).toHaveLength(0);
    });
  });

  describe('a Docker config', () => {
    const pushWith = async (prepare: (file: string) => Promise<void>): Promise<string> => {
      const config = join(folder, 'docker');
      await removeFolder(config);
      await mkdir(config);
      await prepare(join(config, 'config.json'));
      const env = { DOCKER_CONFIG: config };
      const registry = await startWebServer((request, response) => {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
        void request;
      });
      try {
        const run = await runCli([image, `${registry.host}/a:1`], { env });
        check(run, { code: 1, says: [join(config, 'config.json')] });
        return complaint(run).join('\n');
      } finally {
        await registry.stop();
      }
    };

    it('that is no JSON, without a word of what is in it', async () => {
      const text = await pushWith((file) => writeFile(file, '{"auths": {"h": "s3cret-in-it" '));
      expect(text).toContain('is not valid JSON');
      expect(text).not.toContain('s3cret');
    });

    it('that is a folder', async () => {
      const text = await pushWith((file) => mkdir(file).then(() => undefined));
      expect(text).toContain('cannot read');
    });

    const asRoot = process.getuid?.() === 0;
    const whoCanBeRefused = asRoot ? it.skip : it;
    whoCanBeRefused(
      `that this user may not read${asRoot ? ' [skipped: root may]' : ''}`,
      async () => {
        const text = await pushWith(async (file) => {
          await writeFile(file, '{}');
          await chmod(file, 0);
        });
        expect(text).toContain('cannot read');
      },
    );
  });

  describe('a host', () => {
    const once = ['--retry-attempts=1'];

    it('nobody listens on', async () => {
      const gone = await startWebServer();
      await gone.stop();
      const run = await runCli([...once, image, `${gone.host}/a:1`]);
      check(run, { code: 3, says: [gone.host, 'refuses connections', 'Check that'] });
    });

    it('with a name that does not exist', async () => {
      const run = await runCli([...once, image, 'no-such-host.invalid/a:1']);
      check(run, { code: 3, says: ['no-such-host.invalid cannot be reached'] });
    });

    it('that is a web server and no registry', async () => {
      const web = await startWebServer();
      try {
        const run = await runCli([image, `${web.host}/a:1`]);
        check(run, { code: 5, says: [web.host, 'does not answer like a container registry'] });
      } finally {
        await web.stop();
      }
    });

    it('that is a web server without such pages', async () => {
      const web = await startWebServer((_request, response) => {
        response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>');
      });
      try {
        const run = await runCli([image, `${web.host}/a:1`]);
        check(run, { code: 5, says: [web.host, 'does not answer like a container registry'] });
      } finally {
        await web.stop();
      }
    });

    it('that does not know the repository', async () => {
      const errors = [{ code: 'NAME_UNKNOWN', message: 'project team not found' }];
      const registry = await startWebServer((request, response) => {
        const ping = request.url === '/v2/';
        response.writeHead(ping ? 200 : 404, { 'content-type': 'application/json' });
        response.end(ping || request.method === 'HEAD' ? '' : JSON.stringify({ errors }));
      });
      try {
        const run = await runCli([image, `${registry.host}/team/a:1`]);
        check(run, { code: 5, says: ['team/a', 'NAME_UNKNOWN', 'Create the repository'] });
      } finally {
        await registry.stop();
      }
    });
  });

  describeWith(['distribution', 'openssl'], 'a certificate', () => {
    let registry: Service;
    beforeAll(async () => {
      registry = await startDistribution({ tls: await selfSigned(folder) });
    });
    afterAll(() => registry?.stop());

    it('that is self-signed, without insecure', async () => {
      const run = await runCli([image, `${registry.host}/a:1`]);
      check(run, { code: 3, says: ['self-signed', 'ca-file', 'insecure: true'] });
    });

    it('that is self-signed, as a step', async () => {
      const run = await runAction({ source: image, tags: `${registry.host}/a:1` });
      expect(run.outputs['exit-code']).toBe('3');
      expect(annotation(run)).toContain('self-signed');
      expect(run.summary).toContain('Push failed');
    });

    it('that is insecure for another host only', async () => {
      const flags = ['--registry=other.example', '--insecure'];
      const run = await runCli([...flags, image, `${registry.host}/a:1`]);
      check(run, { code: 3, says: ['self-signed'] });
    });

    it('in a registry that is spoken to without TLS', async () => {
      const run = await runCli(['--plain-http', image, `${registry.host}/a:1`]);
      expect([3, 5]).toContain(run.code);
      expect(run.output).not.toMatch(STACK);
    });
  });

  describeWith(['gitea', 'git', 'openssl'], 'Gitea', () => {
    let gitea: Gitea;
    beforeAll(async () => {
      gitea = await startGitea();
    });
    afterAll(() => gitea?.stop());

    const pushTo = (repository: string, password: string): Promise<RunResult> => {
      const login = ['--username', gitea.user, `--password=${password}`];
      return runCli(['--insecure', ...login, image, `${gitea.host}/${repository}:1`]);
    };
    const withoutWarning = (run: RunResult): RunResult => ({
      ...run,
      stderr: run.stderr.replace(/^warning: --password is visible.*\n/m, ''),
    });

    it('with a wrong password', async () => {
      const run = withoutWarning(await pushTo(`${gitea.user.toLowerCase()}/a`, 'not-it-at-all'));
      check(run, { code: 2, says: ['wrong user name or password', gitea.host, 'the inputs'] });
    });

    it('without an owner of that name', async () => {
      const run = withoutWarning(await pushTo('nobody-of-that-name/a', gitea.password));
      check(run, { code: 5, says: ['nobody-of-that-name/a', '404', 'Create the repository'] });
    });
  });
});
