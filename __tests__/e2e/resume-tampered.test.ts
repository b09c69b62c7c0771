/** The state of a killed push is somebody else's by the time it is read: nothing of it is believed. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWith } from '../support/services/describe-with.ts';
import { startDistribution, type Service } from '../support/services/index.ts';
import { afterBytes } from './support/kill.ts';
import { makeImage, type TestImage } from './support/resume-image.ts';
import {
  createPlace,
  interrupt,
  layerBytes,
  type Outcome,
  type ResumePlace,
} from './support/resume-place.ts';
import {
  editState,
  stateFile,
  untilWritten,
  uploadOf,
  type State,
  type StateLayer,
} from './support/resume-state.ts';
import { startWebServer, type WebServer } from './support/web-server.ts';

jest.setTimeout(120_000);

const MIB = 1024 * 1024;
const LAYER = 8 * MIB;
const OTHER_DIGEST = `sha256:${'ab'.repeat(32)}`;

type Upload = StateLayer & { Location: string };

/** Who may have had the file in his hands, and what the log says of it. */
interface Case {
  readonly title: string;
  readonly edit: (state: State, upload: Upload) => void;
  readonly reason: RegExp;
}

const inLocation = (change: (url: URL) => void) => (_state: State, upload: Upload) => {
  const url = new URL(upload.Location);
  change(url);
  upload.Location = url.href;
};

const NOT_OURS = /starts over in .*: what is remembered of it does not belong to this registry/;
const UNUSABLE = /The resume state .* cannot be used: .*starting over/;

const CASES: readonly Case[] = [
  {
    title: 'a checksum of other bytes',
    edit: (_state, upload) => (upload.Checksum = OTHER_DIGEST),
    reason: /starts over in .*: its bytes are not the ones that were sent then/,
  },
  {
    title: 'fewer bytes than the checksum is of',
    edit: (_state, upload) => (upload.BytesWritten -= 1),
    reason: /starts over in .*: its bytes are not the ones that were sent then/,
  },
  {
    title: 'more bytes than the layer has',
    edit: (_state, upload) => (upload.BytesWritten = upload.TotalBytes = 2 ** 40),
    reason: /starts over in .*: more of it is remembered than there is/,
  },
  {
    title: 'a version that is still to come',
    edit: (state) => (state.SchemaVersion = 7),
    reason: /cannot be used: it is of version 7; starting over/,
  },
  {
    title: 'another image',
    edit: (state) => (state.ImageDigest = OTHER_DIGEST),
    reason:
      /The interrupted push was of another image \(sha256:abababababab…\): its state is not used\./,
  },
  {
    title: 'a time long ago',
    edit: (state) => (state.LastCheckpoint = '2020-01-01T00:00:00.000Z'),
    reason: /The resume state is \d+ days old: starting over/,
  },
  {
    title: 'a digest that is a path',
    edit: (_state, upload) => (upload.Digest = '../../../../etc/passwd'),
    reason: UNUSABLE,
  },
  {
    title: 'a checksum that is a path',
    edit: (_state, upload) => (upload.Checksum = 'sha256:../../../../etc/passwd'),
    reason: UNUSABLE,
  },
  {
    title: 'an address with a line break',
    edit: (_state, upload) => (upload.Location += '\r\nX-Evil: 1'),
    reason: UNUSABLE,
  },
  {
    title: 'a manifest of another repository as its address',
    edit: inLocation((url) => (url.pathname = '/v2/other/manifests/latest')),
    reason: NOT_OURS,
  },
  {
    title: 'an upload of another repository as its address',
    edit: inLocation((url) => (url.pathname = url.pathname.replace('/team/', '/other/'))),
    reason: NOT_OURS,
  },
  {
    title: 'an address that climbs out of the repository',
    edit: (_state, upload) => {
      upload.Location = upload.Location.replace(/[^/]+$/, '%2e%2e/%2e%2e/%2e%2e/other/manifests/1');
    },
    reason: NOT_OURS,
  },
  {
    title: 'an address that climbs behind a slash in disguise',
    edit: (_state, upload) => {
      upload.Location = upload.Location.replace(/[^/]+$/, 'x%2f..%2f..%2f..%2fother');
    },
    reason: NOT_OURS,
  },
  {
    title: 'an address with a login of its own',
    edit: inLocation((url) => (url.username = 'somebody')),
    reason: NOT_OURS,
  },
  {
    title: 'the address of a file',
    edit: (_state, upload) => (upload.Location = 'file:///etc/passwd'),
    reason: NOT_OURS,
  },
  {
    title: 'an upload that the registry has never heard of',
    edit: inLocation((url) => (url.pathname = url.pathname.replace(/[^/]{4}$/, '0000'))),
    reason:
      /starts over in .*: the registry (has forgotten what was sent|does not go on with it)\./,
  },
];

describeWith(['distribution'], 'the state of a killed push with', () => {
  let registry: Service;
  let stranger: WebServer;
  let place: ResumePlace;
  let image: TestImage;
  let pushes = 0;

  beforeAll(async () => {
    registry = await startDistribution();
    stranger = await startWebServer();
    place = await createPlace({ upstream: registry.url });
    image = await makeImage(join(place.folder, 'image'), [LAYER], 7);
  });
  afterAll(async () => {
    await place?.stop();
    await stranger?.stop();
    await registry?.stop();
  });

  /** Kills a push at half of its layer, hands its home out, and pushes again. */
  const tampered = (change: (home: string) => Promise<void>): Promise<Outcome> =>
    interrupt(place, image, {
      repository: `team/tampered-${(pushes += 1)}`,
      room: afterBytes(LAYER / 2),
      standing: untilWritten,
      between: change,
    });

  /** It ends well, and without anything of what the state says. */
  const expectAnew = (outcome: Outcome, reason: RegExp): void => {
    expect(outcome.problems).toEqual([]);
    expect(outcome.second.output).toMatch(reason);
    expect(outcome.report?.bytesResumed ?? 0).toBe(0);
    expect(layerBytes(image, outcome.second.exchanges)).toBe(image.layers[0]?.size);
    const repository = /\/v2\/(team\/tampered-\d+)\//.exec(outcome.first.exchanges[0]?.url ?? '');
    for (const { url } of outcome.second.exchanges) {
      if (url !== '/v2/') expect(url).toMatch(new RegExp(`^/v2/${repository?.[1]}/`));
      expect(decodeURIComponent(url)).not.toMatch(/\.\.|other|passwd|Evil/);
    }
  };

  it('nothing changed: it goes on', async () => {
    const outcome = await tampered(async () => undefined);
    expect(outcome.problems).toEqual([]);
    expect(outcome.second.output).toMatch(/Resuming the push that was interrupted/);
    expect(outcome.report?.bytesResumed).toBeGreaterThan(0);
    expect(outcome.twice).toBeLessThan(MIB);
  });

  it.each(CASES)('$title: it starts over and says why', async ({ edit, reason }) => {
    const outcome = await tampered((home) =>
      editState(home, (state) => edit(state, uploadOf(state))),
    );
    expectAnew(outcome, reason);
  });

  it('half of its text: it starts over and says why', async () => {
    const outcome = await tampered(async (home) => {
      const file = await stateFile(home);
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.slice(0, text.length / 2));
    });
    expectAnew(outcome, /cannot be used: it is cut off; starting over/);
  });

  it.each(['same image', 'another image'])(
    'the address of another host, %s: that host is never asked',
    async (which) => {
      const outcome = await tampered((home) =>
        editState(home, (state) => {
          uploadOf(state).Location = uploadOf(state).Location.replace(
            place.proxy.host,
            stranger.host,
          );
          if (which === 'another image') state.ImageDigest = OTHER_DIGEST;
        }),
      );
      expectAnew(outcome, which === 'same image' ? NOT_OURS : /was of another image/);
      expect(stranger.requests).toEqual([]);
    },
  );

  it('the name of another repository: nobody asks for anything there', async () => {
    const outcome = await tampered((home) =>
      editState(home, (state) => {
        for (const each of state.Places) each.Repository = '../../other';
      }),
    );
    expect(outcome.problems).toEqual([]);
    expect(layerBytes(image, outcome.second.exchanges)).toBe(image.layers[0]?.size);
    expect(outcome.second.exchanges.filter(({ url }) => url.includes('other'))).toEqual([]);
  });
});
