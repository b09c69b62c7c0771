import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createSourceSharing } from '../../../src/app/sharing.ts';
import type { OpenOptions } from '../../../src/image/options.ts';
import type { OpenedSource } from '../../../src/image/source.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import type { PushEventBody } from '../../../src/util/events.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';
import { blobOf, fakeSource, readFully } from '../image/sharing.ts';

let space: Workspace;
let options: OpenOptions;
beforeEach(async () => {
  space = await createWorkspace();
  options = { tempDirectory: space.path('spool'), compression: 'gzip' };
});
afterEach(() => space.close());

const blob = blobOf(1000);
const origin = { registry: 'from.example', repository: 'app' };

function sourceOf(fields: Partial<OpenedSource> = {}) {
  const content = fakeSource([blob]);
  let closed = 0;
  const source: OpenedSource = {
    description: 'docker://from.example/app',
    content,
    origin,
    close: async () => {
      closed += 1;
    },
    ...fields,
  };
  return { source, content, closed: () => closed };
}

function sharingTo(...targets: string[]) {
  return createSourceSharing(targets.map((target) => parseReference(target)));
}

describe('a source', () => {
  test.each([
    ['for one registry', ['one.example/a:1', 'one.example/b:1'], {}],
    ['for another and its own', ['one.example/a:1', 'from.example/b:1'], {}],
    ['that is a file', ['one.example/a:1', 'two.example/a:1'], { origin: undefined }],
  ])('%s stays as it is', (_, targets, fields) => {
    const { source } = sourceOf(fields as Partial<OpenedSource>);
    expect(sharingTo(...targets).wrap(source, options)).toBe(source);
  });

  test('for two registries is read once, and kept until both have it', async () => {
    const { source, content, closed } = sourceOf();
    const sharing = sharingTo('one.example/a:1', 'two.example/a:1', 'from.example/b:1');
    const events: [PushEventBody, number | undefined][] = [];
    const emit = sharing.overhear((event, parent) => events.push([event, parent]));
    const wrapped = sharing.wrap(source, options);
    const { descriptor } = blob;
    const finished = (registry: string): number =>
      emit(
        {
          type: 'blob-finished',
          registry,
          repository: 'a',
          digest: descriptor.digest,
          size: descriptor.size,
          outcome: 'uploaded',
          durationMs: 1,
        },
        7,
      );

    await readFully(wrapped.content, descriptor);
    finished('from.example');
    expect(finished('one.example')).toBe(2);
    await readFully(wrapped.content, descriptor);
    expect(content.opens).toEqual([0]);
    finished('two.example');
    await readFully(wrapped.content, descriptor);
    expect(content.opens).toEqual([0, 0]);

    // Everybody else hears it, too.
    expect(events.map(([, parent]) => parent)).toEqual([7, 7, 7]);
    await wrapped.close();
    expect(closed()).toBe(1);
    expect(await space.spooled()).toEqual([]);
  });

  test('that is closed leaves nothing behind', async () => {
    const { source } = sourceOf();
    const wrapped = sharingTo('one.example/a:1', 'two.example/a:1').wrap(source, options);
    await readFully(wrapped.content, blob.descriptor);
    expect(await space.spooled()).toHaveLength(1);
    await wrapped.close();
    await wrapped.close();
    expect(await space.spooled()).toEqual([]);
  });
});
