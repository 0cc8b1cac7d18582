import { connect, type Socket } from "node:net";

/**
 * Connections whose requests another process reads: their bytes pass through unread, both ways, behind one line that is
 * written here and read by `peer-line`: `address LF`.
 */
export interface Tunnels {
  /**
   * Takes a connection for good, with what it has read already. In front of its bytes goes one line with its peer.
   */
  take(client: Socket, facts: TunnelledClient): void;
  closeAll(): void;
}

export interface TunnelledClient {
  /** Address of the client. */
  readonly peer: string;
  /** Runs once when the connection has ended. */
  onClose(): void;
}

/** @param path the socket of the process that reads them */
export function createTunnels(path: string): Tunnels {
  const open = new Set<Socket>();
  return {
    take(client, { peer, onClose }) {
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
      other.write(`${peer}\n`);
      client.pipe(other);
      other.pipe(client);
    },
    closeAll() {
      for (const client of open) client.destroy();
    },
  };
}
