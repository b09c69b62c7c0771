import type { Socket } from 'node:net';
import type { Server } from 'node:http';
import type { FaultScript } from './faults.ts';
import type { Recorder } from './recorder.ts';

/** One TCP connection, below TLS where there is TLS. */
export interface Connection {
  readonly number: number;
  readonly socket: Socket;
  /** The connection is reset once it has received this many bytes. */
  readonly limit: number;
}

/** Numbers the connections and finds the one a request came on. */
export class Connections {
  readonly #byPeer = new Map<string, Connection>();
  readonly #open = new Set<number>();
  #count = 0;

  /** Watches a server for new connections. */
  watch(server: Server, faults: FaultScript, recorder: Recorder): void {
    server.on('connection', (socket: Socket) => {
      this.#count += 1;
      recorder.connections += 1;
      const number = this.#count;
      const key = peerOf(socket);
      this.#byPeer.set(key, { number, socket, limit: faults.connectionLimit(number) });
      this.#open.add(number);
      socket.on('close', () => {
        this.#open.delete(number);
        if (this.#byPeer.get(key)?.number === number) this.#byPeer.delete(key);
      });
      // A reset connection reports an error that nobody waits for.
      socket.on('error', () => undefined);
    });
  }

  /** The connection a request came on; a request socket may be a TLS socket over it. */
  of(socket: Socket): Connection {
    return this.#byPeer.get(peerOf(socket)) ?? { number: 0, socket, limit: Infinity };
  }

  isOpen(number: number): boolean {
    return this.#open.has(number);
  }
}

/** Both ends: the same client port may talk to two listeners at once. */
function peerOf(socket: Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}|${socket.localPort}`;
}
