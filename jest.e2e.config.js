import { shared } from './jest.config.js';

/** The built bundle against real services: `npm run test:e2e`. */
export default { ...shared, testMatch: ['<rootDir>/__tests__/e2e/**/*.test.ts'] };
