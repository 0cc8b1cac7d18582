import type { Socket } from "node:net";
import type { NumberSeries } from "../telemetry/metric-family.ts";

export interface BoundParts {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly connections: NumberSeries;
}

/** Counts connections and bounds them, in all and of one remote address; this machine's own are bounded by the total alone. */
export class ConnectionBounds {
  readonly #parts: BoundParts;
  readonly #perAddress = new Map<string, number>();
  count = 0;

  constructor(parts: BoundParts) {
    this.#parts = parts;
  }

  /** Returns what is to be called when the connection has ended; undefined for one too many. */
  add(socket: Socket): (() => void) | undefined {
    const { maxConnections, maxConnectionsPerAddress, connections } = this.#parts;
    const address = socket.remoteAddress ?? "";
    const open = (this.#perAddress.get(address) ?? 0) + 1;
    if (this.count >= maxConnections) return undefined;
    if (open > maxConnectionsPerAddress && !isLoopback(address)) return undefined;
    this.#perAddress.set(address, open);
    this.count++;
    connections.set(this.count);
    return () => {
      this.count--;
      connections.set(this.count);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left <= 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    };
  }
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}
