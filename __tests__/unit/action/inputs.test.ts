import { describe, expect, test } from '@jest/globals';
import { readInputs } from '../../../src/action/inputs.ts';

describe('inputs from the environment of a step', () => {
  test('names are upper case, dashes stay, values are trimmed and keep their lines', () => {
    const inputs = readInputs({
      INPUT_SOURCE: ' oci:image\n',
      INPUT_TAGS: 'a:1\n# b\nc:2\n',
      'INPUT_REGISTRY-AUTH': '- registry: a\n  username: b\n',
      'INPUT_CA-FILE': '',
      INPUT_PASSWORD: '   ',
      PATH: '/bin',
    });
    expect(inputs).toEqual({
      source: 'oci:image',
      tags: 'a:1\n# b\nc:2',
      'registry-auth': '- registry: a\n  username: b',
    });
  });

  test('unknown ones are said, unless they are empty', () => {
    const warnings: string[] = [];
    const env = {
      INPUT_TAG: 'a:1',
      INPUT_SOURCE: 'x',
      INPUT_OTHER_THING: 'hunter2',
      INPUT_BLANK: ' ',
      'INPUT_PASSWORD-STDIN': 'true',
      input_tagss: 'z',
      'INPUT_A\n::ERROR::B': 'x',
    };
    const inputs = readInputs(env, (sentence) => warnings.push(sentence));
    expect(inputs).toEqual({ source: 'x' });
    expect(warnings).toEqual([
      'unknown input "tag" (did you mean tags?); it is ignored',
      'unknown input "other_thing"; it is ignored',
      'unknown input "password-stdin"; it is ignored',
      'unknown input "tagss" (did you mean tags?); it is ignored',
      expect.not.stringContaining('::'),
    ]);
  });
});
