/** The library: a push from a config to a report, without the action or the command line around it. */
export { runPush, type FinishedPush } from './app/create-push.ts';
export type { Host } from './app/host.ts';
export type { Config, RegistrySettings } from './config/config.ts';
export { resolveConfig, type ConfigRequest } from './config/resolve.ts';
export type { PushPlan } from './push/plan.ts';
export type { PushReport } from './report/push-report.ts';
export { EXIT_CODES, PushError, type ErrorCode } from './util/errors.ts';
export type { EventSink, PushEvent } from './util/events.ts';
