import { describe, expect, test } from '@jest/globals';
import { accessOf, allows } from '../../../../src/http/auth/token-access.ts';
import { jwt } from './support.ts';

const PUSH = 'repository:to:pull,push';
const PULL = 'repository:from:pull';
const ASKED = [PUSH, PULL];

function entry(name: string, actions: unknown, type = 'repository'): object {
  return { type, name, actions };
}

/** What a token with these entries says of reading from `from`. */
function verdict(access: unknown, wanted = [PULL]): boolean | undefined {
  return allows(accessOf(jwt({ access })), wanted, ASKED);
}

describe('a token that says what it allows', () => {
  test.each<[string, unknown, boolean]>([
    ['all of it', [entry('to', ['pull', 'push']), entry('from', ['pull'])], true],
    ['more', [entry('from', ['push', 'delete', 'pull'])], true],
    ['everything', [entry('from', ['*'])], true],
    ['in two entries', [entry('from', ['push']), entry('from', ['pull'])], true],
    ['one repository only', [entry('to', ['pull', 'push'])], false],
    ['no action on the other', [entry('to', ['pull']), entry('from', [])], false],
    ['no action, as Go has it', [entry('from', null)], false],
    ['another action', [entry('from', ['push'])], false],
    ['nothing', [], false],
    ['nothing, as Go has it', null, false],
    ['another type of that name', [entry('to', ['pull']), entry('from', ['pull'], 'x')], false],
  ])('%s: %j is %s', (_, access, expected) => {
    expect(verdict(access)).toBe(expected);
  });

  test('everything that is wanted counts', () => {
    const access = [entry('to', ['pull', 'push']), entry('from', ['pull'])];
    expect(verdict(access, ASKED)).toBe(true);
    expect(verdict(access.slice(0, 1), ASKED)).toBe(false);
    expect(verdict([entry('host:5000/a', ['pull'])], ['repository:host:5000/a:pull'])).toBe(true);
  });

  test('names of its own say nothing', () => {
    expect(verdict([entry('library/to', ['pull', 'push'])])).toBeUndefined();
  });
});

describe('what does not say so', () => {
  test.each<[string, string]>([
    ['opaque', 'abcdef0123456789'],
    ['empty', ''],
    ['two dots only', '..'],
    ['encrypted', 'a.b.c.d.e'],
    ['not base64', 'a.%%%.c'],
    ['not JSON', `a.${Buffer.from('{"access":').toString('base64url')}.c`],
    ['a list', jwt([])],
    ['null', jwt(null)],
    ['a number', jwt(1)],
    ['without the claim', jwt({ sub: 'octo' })],
    ['with a text', jwt({ access: 'repository:from:pull' })],
    ['with an object', jwt({ access: { type: 'repository', name: 'from' } })],
    ['with other entries', jwt({ access: ['repository:from:pull'] })],
    ['with other names', jwt({ access: [{ Type: 'repository', Name: 'from', Actions: [] }] })],
    ['with other actions', jwt({ access: [entry('from', 'pull')] })],
    ['inherited', `a.${Buffer.from('{"__proto__":{"access":[]}}').toString('base64url')}.c`],
    ['deep', `a.${Buffer.from('['.repeat(40_000)).toString('base64url')}.c`],
    ['long', jwt({ access: [], padding: 'x'.repeat(70_000) })],
  ])('%s', (_, token) => {
    expect(accessOf(token)).toBeUndefined();
    expect(allows(accessOf(token), [PULL], ASKED)).toBeUndefined();
  });

  test('actions that are no text are none', () => {
    expect(verdict([entry('from', [1, null, { pull: true }, ['pull']])])).toBe(false);
  });

  test('a name cannot smuggle in another scope', () => {
    const access = [entry('x repository:from', ['pull']), entry('to', ['pull'])];
    expect(verdict(access)).toBe(false);
    expect(verdict([entry('to', ['pull repository:from:pull'])])).toBe(false);
    expect(verdict([entry('__proto__', ['pull']), entry('to', [])])).toBe(false);
  });
});
