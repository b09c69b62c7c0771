import { describe, expect, test } from '@jest/globals';
import { createAncestry } from '../../../src/app/ancestry.ts';
import { answer, scripted } from '../http/support.ts';

const [BASE, HEAD] = ['a'.repeat(40), 'b'.repeat(40)];
const SOURCE = 'https://github.com/octo/app';
const ENV = { GITHUB_REPOSITORY: 'octo/app' };
const { signal } = new AbortController();

function asking(send: ReturnType<typeof scripted>, env: Record<string, string> = ENV) {
  const config = { githubApiUrl: 'https://api.github.com', githubToken: 'the-token' };
  const ancestry = createAncestry({ config, env, send });
  return (source = SOURCE) => ancestry({ source, base: BASE, head: HEAD }, signal);
}

describe('the history of commits', () => {
  test.each(['ahead', 'behind', 'identical', 'diverged'])('%s', async (status) => {
    const send = scripted(answer(200, { status, ahead_by: 1 }));
    expect(await asking(send)()).toEqual({ relation: status });
    const [request] = send.requests;
    expect(request?.url.href).toBe(
      `https://api.github.com/repos/octo/app/compare/${BASE}...${HEAD}?per_page=1`,
    );
    expect(request?.headers['authorization']).toBe('Bearer the-token');
  });

  test.each([
    'https://github.com/octo/other',
    'https://github.com.evil.example/octo/app',
    'https://evil.example/octo/app',
    'git@github.com:octo/app',
    '',
  ])('nothing is sent for a source like %p', async (source) => {
    const send = scripted();
    expect(await asking(send)(source)).toHaveProperty('reason');
    expect(send.requests).toEqual([]);
  });

  test.each(['https://github.com/Octo/App', `${SOURCE}.git`, `${SOURCE}/`])(
    '%s is the repository of the workflow',
    async (source) => {
      const send = scripted(answer(200, { status: 'ahead' }));
      expect(await asking(send)(source)).toEqual({ relation: 'ahead' });
    },
  );

  test('a server of its own', async () => {
    const send = scripted(answer(200, { status: 'ahead' }));
    const ask = asking(send, { ...ENV, GITHUB_SERVER_URL: 'https://git.corp.example' });
    expect(await ask('https://git.corp.example/octo/app')).toEqual({ relation: 'ahead' });
    expect(await ask(SOURCE)).toHaveProperty('reason');
  });

  test('nothing is sent outside of a workflow', async () => {
    const send = scripted();
    expect(await asking(send, {})()).toHaveProperty('reason');
    expect(send.requests).toEqual([]);
  });

  test.each([
    ['an unknown commit', answer(404), /does not know both commits/],
    ['a limit', answer(403), /status 403/],
    [
      'a redirect, which is not followed',
      answer(301, '', { location: 'https://evil.example' }),
      /status 301/,
    ],
    ['another answer', answer(200, { status: 'sideways' }), /no answer that can be read/],
    ['no JSON', answer(200, '<html>'), /no answer that can be read/],
    [
      'no answer',
      new Error('it refuses connections'),
      /could not be asked \(it refuses connections\)/,
    ],
  ])('%s means that nobody can tell', async (_, response, reason) => {
    const kinship = await asking(scripted(response))();
    expect(kinship).toEqual({ reason: expect.stringMatching(reason) });
  });
});
