/** The toolkit's process without the rest of the program, which takes as long to load. */
import { startCacheTask } from '../../../src/action/cache-task.ts';

await startCacheTask();
