// The two parts of undici that a plain push needs; its own types describe the whole only.
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  // oxlint-disable-next-line import/no-default-export -- it is CommonJS
  export default Agent;
}

declare module 'undici/lib/api/api-request.js' {
  import type { Dispatcher } from 'undici';
  // oxlint-disable-next-line import/no-default-export -- it is CommonJS
  export default function request(
    this: Dispatcher,
    options: Dispatcher.RequestOptions,
  ): Promise<Dispatcher.ResponseData>;
}
