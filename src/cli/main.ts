import { homedir, tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { cancelOnSignals } from '../util/signals.ts';
import { runCli } from './session.ts';

/** Binds the command line to this process. */
export async function startCli(): Promise<void> {
  const { argv, env, stderr, stdin, stdout } = process;
  const { signal, stop } = cancelOnSignals();
  try {
    process.exitCode = await runCli({
      argv: argv.slice(2),
      env,
      home: homedir(),
      uid: process.getuid?.(),
      tempDirectory: tmpdir(),
      terminal: stderr,
      print: (line) => stdout.write(`${line}\n`),
      readInput: () => text(stdin),
      cancel: signal,
    });
  } finally {
    stop();
  }
}
