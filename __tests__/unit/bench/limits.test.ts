import { describe, expect, it } from '@jest/globals';
import { judge } from './modules.ts';

const RESULT = {
  rows: {
    ours: { wallMs: 1700, peakRssMiB: 120, roundTrips: 2.9 },
    slow: { wallMs: 5100 },
    crane: { wallMs: 3540 },
    oras: { wallMs: 3940 },
  },
  peers: ['oras', 'crane'],
  idealMs: 1580,
  nodeMs: 40,
};

describe('a limit', () => {
  it('compares with the fastest of the peers', () => {
    const limit = { row: 'ours', metric: 'wallMs', factor: 1 / 1.75, than: 'fastest peer' };
    expect(judge(limit, RESULT)).toMatchObject({
      ok: true,
      text: 'ours 1.70 s ≤ 1/1.75 × the fastest peer, crane (3.54 s) = 2.02 s; 2.08 × as good',
    });
  });

  it('compares with what the link itself takes, and allows Node its start', () => {
    const limit = { row: 'ours', metric: 'wallMs', than: 'ideal', plusNode: true };
    expect(judge(limit, RESULT)).toMatchObject({ ok: false, bound: 1620 });
    expect(judge({ ...limit, factor: 1.25 }, RESULT)).toMatchObject({ ok: true, bound: 2015 });
  });

  it('compares with another row, and allows a fixed amount more', () => {
    const limit = { row: 'ours', metric: 'wallMs', than: 'oras', plus: 180 };
    expect(judge(limit, RESULT)).toMatchObject({ ok: true, bound: 4120 });
    const third = { row: 'ours', metric: 'wallMs', factor: 1 / 3, than: 'slow' };
    expect(judge(third, RESULT)).toMatchObject({ ok: true, bound: 1700 });
  });

  it('stands by itself', () => {
    const memory = { row: 'ours', metric: 'peakRssMiB', plus: 160 };
    expect(judge(memory, RESULT)).toMatchObject({
      ok: true,
      text: 'peak RSS ours 120 MiB ≤ 160 MiB',
    });
    const trips = { row: 'ours', metric: 'roundTrips', plus: 2 };
    expect(judge(trips, RESULT)).toMatchObject({ ok: false });
  });

  it('says so when something it needs was not measured', () => {
    const withoutPeers = { ...RESULT, peers: [] };
    const limit = { row: 'ours', metric: 'wallMs', than: 'fastest peer' };
    expect(judge(limit, withoutPeers)).toEqual({ text: 'ours: fastest peer was not measured' });
    const ofMissing = { row: 'ours', metric: 'cpuMs', plus: 100 };
    expect(judge(ofMissing, RESULT).ok).toBeUndefined();
  });
});
