import { describe, expect, it } from '@jest/globals';
import { measure } from './modules.ts';

const node = (script: string): [string, string[]] => [process.execPath, ['-e', script]];
const onLinux = process.platform === 'linux' ? it : it.skip;

describe('measuring a program', () => {
  it('takes the time of the whole process', async () => {
    const { wallMs } = await measure(...node('setTimeout(() => {}, 150)'));
    expect(wallMs).toBeGreaterThanOrEqual(150);
  });

  it('fails with the end of the output when the program does', async () => {
    const script = "console.log('a clue'); console.error('another'); process.exitCode = 3";
    const failure = measure(...node(script));
    await expect(failure).rejects.toThrow(/ended with code 3:\n[^]*a clue/);
    await expect(failure).rejects.toThrow(/another/);
  });

  it('fails when there is no such program', async () => {
    await expect(measure('/nowhere/tool', [])).rejects.toThrow(/ENOENT/);
  });

  onLinux('knows the peak of its memory, also when it was long before the end', async () => {
    const script = 'Buffer.alloc(200 << 20, 1); globalThis.gc?.(); setTimeout(() => {}, 150)';
    const { peakRssMiB } = await measure(...node(script));
    expect(peakRssMiB).toBeGreaterThan(200);
  });

  onLinux('knows the processor time it used', async () => {
    const script = 'const end = Date.now() + 300; while (Date.now() < end);';
    const idle = await measure(...node('setTimeout(() => {}, 300)'));
    const busy = await measure(...node(script));
    expect(busy.cpuMs).toBeGreaterThan(50);
    expect(idle.cpuMs).toBeGreaterThanOrEqual(0);
  });
});
