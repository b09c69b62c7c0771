/** The simulator as a process of its own, told what to do over its parent's channel. */
import { Simulator } from './simulator.mjs';

let simulator;

const COMMANDS = {
  start: async (options) => {
    simulator = new Simulator(options);
    return { port: await simulator.listen() };
  },
  reset: () => simulator.reset(),
  counters: () => simulator.counters,
};

async function obey({ id, command, options }) {
  try {
    const result = await COMMANDS[command](options);
    process.send({ id, result: { ...result, cpuUs: cpu() } });
  } catch (error) {
    process.send({ id, error: error.message });
  }
}

process.on('message', (message) => {
  void obey(message);
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit());

function cpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
