import { connect, createServer, type Socket } from "node:net";

/** What the proxy does to connections, those that are open included. Bytes are counted per connection from its start. */
export type ProxyFault = {
  /** Delay of every piece of data, in each direction. Default 0. */
  readonly latencyMs?: number;
  /** At most that many bytes a second towards the client. Default no limit. */
  readonly bytesPerSecond?: number;
  /** After that many bytes towards the client: `reset` sends RST to both sides, `close` FIN, `freeze` nothing more. */
  readonly cut?: { readonly afterBytes: number; readonly how: "reset" | "close" | "freeze" };
  /** New connections: `reset` at once, or `freeze` (accepted, then silence, as behind a dead host). */
  readonly connection?: "reset" | "freeze";
};

/** A TCP proxy on the loopback that stands for a bad network. */
export type FaultProxy = {
  readonly origin: string;
  readonly port: number;
  readonly openConnections: number;
  /** Replaces the fault, for open connections too. `{}` heals the network; frozen data then moves on. */
  set(fault: ProxyFault): void;
  /** RST to both sides of every connection. */
  resetAll(): void;
  stop(): Promise<void>;
};

/** Slices in which throttled data goes out. */
const throttleTickMs = 10;

type Pipe = { readonly resume: () => void };

/** Carries data from one socket to the other under the fault that holds at the time. */
function createPipe(
  from: Socket,
  to: Socket,
  parts: { fault(): ProxyFault; isDown: boolean; fail(): void },
): Pipe {
  const queue: { bytes: Buffer; dueAtMs: number }[] = [];
  let passed = 0;
  let hasEnded = false;
  let timer: NodeJS.Timeout | undefined;

  const later = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(pump, ms);
  };
  /** Bytes that may go now; undefined when the connection was cut. */
  const allowance = (): number | undefined => {
    const { bytesPerSecond, cut } = parts.fault();
    const throttled =
      bytesPerSecond === undefined || !parts.isDown
        ? Number.POSITIVE_INFINITY
        : (bytesPerSecond * throttleTickMs) / 1000;
    if (cut === undefined || !parts.isDown) return Math.max(1, throttled);
    const left = cut.afterBytes - passed;
    if (left > 0 || cut.how === "freeze") return Math.min(Math.max(1, throttled), Math.max(0, left));
    if (cut.how === "reset") parts.fail();
    else {
      to.end();
      from.destroy();
    }
    return undefined;
  };
  const pump = (): void => {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      const waitMs = next.dueAtMs - performance.now();
      if (waitMs > 0) return later(waitMs);
      const allowed = allowance();
      if (allowed === undefined || allowed === 0) return;
      const bytes = next.bytes.subarray(0, Math.ceil(allowed));
      passed += bytes.length;
      to.write(bytes);
      if (bytes.length === next.bytes.length) queue.shift();
      else next.bytes = next.bytes.subarray(bytes.length);
      if (parts.isDown && parts.fault().bytesPerSecond !== undefined) return later(throttleTickMs);
    }
    // The cut is due as soon as the last allowed byte went out, not when the next one comes.
    if (allowance() !== undefined && hasEnded) to.end();
  };
  from.on("data", (bytes: Buffer) => {
    queue.push({ bytes, dueAtMs: performance.now() + (parts.fault().latencyMs ?? 0) });
    pump();
  });
  from.on("end", () => {
    hasEnded = true;
    pump();
  });
  to.on("close", () => clearTimeout(timer));
  return { resume: pump };
}

/** Starts a proxy to a port of the loopback. */
export async function createFaultProxy(targetPort: number): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const pipes = new Set<Pipe>();
  let fault: ProxyFault = {};

  const track = (socket: Socket): void => {
    socket.setNoDelay(true);
    sockets.add(socket);
    // A reset on one side is passed on by `close`; the error itself says nothing more.
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    track(client);
    if (fault.connection === "reset") {
      client.resetAndDestroy();
      return;
    }
    if (fault.connection === "freeze") {
      client.resume();
      client.on("end", () => client.destroy());
      return;
    }
    const target = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
    track(target);
    const fail = (): void => {
      client.resetAndDestroy();
      target.resetAndDestroy();
    };
    const up = createPipe(client, target, { fault: () => fault, isDown: false, fail });
    const down = createPipe(target, client, { fault: () => fault, isDown: true, fail });
    pipes.add(up).add(down);
    client.on("close", (hadError) => {
      pipes.delete(up);
      pipes.delete(down);
      if (hadError) target.resetAndDestroy();
      else target.destroy();
    });
    target.on("error", () => client.resetAndDestroy());
  });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  const resetAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const stop = async (): Promise<void> => {
    const closing = Promise.withResolvers<void>();
    server.close(() => closing.resolve());
    resetAll();
    await closing.promise;
  };
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    get openConnections() {
      return sockets.size;
    },
    set: (next) => {
      fault = next;
      for (const pipe of pipes) pipe.resume();
    },
    resetAll,
    stop,
  };
}
