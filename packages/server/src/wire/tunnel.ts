import { connect, type Socket } from "node:net";

/** Connections whose requests another process reads: their bytes pass through, both ways. */
export interface Tunnels {
  /**
   * Takes a connection for good, with what it has read already.
   * @param onClose runs once when it has ended
   */
  take(client: Socket, onClose: () => void): void;
  closeAll(): void;
}

/** Longest text of an address, with a zone. */
const longestAddress = 64;
const lineEnd = 0x0a;

/** @param path the socket of the process that reads them */
export function createTunnels(path: string): Tunnels {
  const open = new Set<Socket>();
  return {
    take(client, onClose) {
      open.add(client);
      // Either side may shut its half down and still read.
      client.allowHalfOpen = true;
      const other = connect({ path, allowHalfOpen: true });
      const end = () => {
        client.destroy();
        other.destroy();
      };
      client.once("close", () => {
        open.delete(client);
        onClose();
        end();
      });
      other.once("close", end);
      for (const each of [client, other]) each.on("error", end);
      other.write(`${client.remoteAddress ?? ""}\n`);
      client.pipe(other);
      other.pipe(client);
    },
    closeAll() {
      for (const client of open) client.destroy();
    },
  };
}

/**
 * Reads what a tunnel says before the client's own bytes: the client's address, by which the socket is known from then
 * on as if the client were at its other end. Resolves when the socket is paused behind that, or has ended.
 */
export function readTunnelled(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    socket.once("data", (chunk: Buffer) => {
      socket.pause();
      takeAddress(socket, chunk);
      resolve();
    });
    socket.resume();
  });
}

/** The line is short and written at once, so that it comes in one piece. */
function takeAddress(socket: Socket, chunk: Buffer): void {
  const end = chunk.subarray(0, longestAddress).indexOf(lineEnd);
  if (end < 0) {
    socket.destroy();
    return;
  }
  const address = chunk.toString("latin1", 0, end);
  if (address !== "") Object.defineProperty(socket, "remoteAddress", { value: address });
  if (chunk.byteLength > end + 1) socket.unshift(chunk.subarray(end + 1));
}
