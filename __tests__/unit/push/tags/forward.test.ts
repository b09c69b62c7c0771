import { describe, expect, test } from '@jest/globals';
import { judge, type Ancestry, type Kinship } from '../../../../src/push/tags/forward.ts';

const SOURCE = 'https://github.com/octo/app';
const [OLD, NEW] = ['1'.repeat(40), '2'.repeat(40)];
const { signal } = new AbortController();

const nobody: Ancestry = () => Promise.reject(new Error('nobody should be asked'));
const says =
  (kinship: Kinship): Ancestry =>
  () =>
    Promise.resolve(kinship);

describe('what may follow a tag that only goes forward', () => {
  test.each([
    ['1.2.10', '1.2.9', 'newer'],
    ['1.2.9', '1.2.10', 'older'],
    ['v1.2.9', '1.2.9', 'same'],
    ['1.3.0-rc.1', '1.2.9', 'newer'],
    ['1.3.0-rc.1', '1.3.0', 'older'],
  ])('%s after %s is %s, whatever the commits', async (version, before, relation) => {
    const mine = { version, revision: OLD, source: SOURCE };
    const theirs = { version: before, revision: NEW, source: SOURCE };
    expect(await judge(mine, theirs, nobody, signal)).toMatchObject({ relation });
  });

  test.each([
    ['ahead', 'newer'],
    ['identical', 'same'],
    ['behind', 'older'],
    ['diverged', 'unknown'],
  ] as const)('a commit that is %s is %s', async (relation, expected) => {
    const mine = { version: 'main', revision: NEW, source: SOURCE };
    const theirs = { version: '1.0.0', revision: OLD, source: SOURCE };
    const asked: unknown[] = [];
    const ancestry: Ancestry = (question) => {
      asked.push(question);
      return Promise.resolve({ relation });
    };
    expect(await judge(mine, theirs, ancestry, signal)).toMatchObject({ relation: expected });
    expect(asked).toEqual([{ source: SOURCE, base: OLD, head: NEW }]);
  });

  test('the same commit needs nobody to be asked', async () => {
    const facts = { revision: NEW };
    expect(await judge(facts, facts, nobody, signal)).toMatchObject({ relation: 'same' });
  });

  test.each([
    ['nothing is said', {}, {}, nobody],
    ['one says nothing', { version: '1.0.0', revision: NEW, source: SOURCE }, {}, nobody],
    [
      'a commit is short',
      { revision: 'abc1234', source: SOURCE },
      { revision: OLD, source: SOURCE },
      nobody,
    ],
    [
      'the sources differ',
      { revision: NEW, source: SOURCE },
      { revision: OLD, source: `${SOURCE}2` },
      nobody,
    ],
    [
      'nobody can be asked',
      { revision: NEW, source: SOURCE },
      { revision: OLD, source: SOURCE },
      undefined,
    ],
    [
      'nobody knows',
      { revision: NEW, source: SOURCE },
      { revision: OLD, source: SOURCE },
      says({ reason: 'GitHub does not know both commits' }),
    ],
  ])('it is not known when %s', async (_, mine, theirs, ancestry) => {
    const judgement = await judge(mine, theirs, ancestry, signal);
    expect(judgement.relation).toBe('unknown');
    expect(judgement.why).toMatch(/^which of the two is newer cannot be told: /);
  });
});
