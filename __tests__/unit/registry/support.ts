import { CongestionController } from '../../../src/http/congestion.ts';
import type { Handler, HttpRequest, HttpResponse } from '../../../src/http/transport.ts';
import type { Connection } from '../../../src/registry/connection.ts';
import { Capabilities } from '../../../src/registry/capabilities.ts';
import type { PushEventBody } from '../../../src/util/events.ts';
import { answer, REGISTRY, sleepingClock } from '../http/support.ts';

/** What a fake registry says to `METHOD path?query`; undefined: 404. */
export type Answers = (line: string, request: HttpRequest) => HttpResponse | Error | undefined;

export interface FakeConnection extends Connection {
  /** `METHOD path?query`, and the host where it is another one */
  readonly lines: string[];
  readonly requests: HttpRequest[];
  readonly events: PushEventBody[];
  readonly slept: readonly number[];
}

/** A registry as a function, behind nothing but the connection itself. */
export function fakeConnection(answers: Answers, registry = REGISTRY): FakeConnection {
  const clock = sleepingClock();
  const lines: string[] = [];
  const requests: HttpRequest[] = [];
  const events: PushEventBody[] = [];
  const origin = new URL(`https://${registry}`);
  const send: Handler = async (request) => {
    const { method, url } = request;
    const host = url.origin === origin.origin ? '' : url.origin;
    const line = `${method} ${host}${url.pathname}${url.search}`;
    lines.push(line);
    requests.push(request);
    request.signal?.throwIfAborted();
    // A real registry takes what it is sent.
    for await (const chunk of request.body?.open(request.signal) ?? []) void chunk;
    const response = answers(line, request) ?? answer(404);
    if (response instanceof Error) throw response;
    return response;
  };
  const policy = { attempts: 3, baseMs: 100, maxMs: 1000 };
  const emit = (event: PushEventBody): number => events.push(event);
  return {
    registry,
    origin,
    send,
    retry: { policy, clock, emit, random: () => 1 },
    congestion: new CongestionController({ clock }),
    capabilities: new Capabilities({ registry }),
    resolve: (host) =>
      Promise.resolve(host.startsWith('inside') ? ['10.0.0.1'] : ['93.184.216.34']),
    lines,
    requests,
    events,
    slept: clock.slept,
  };
}
