import type { Socket } from "node:net";

/** An IPv6 address with a zone fits. */
const longestLineBytes = 256;
const lineFeed = 0x0a;

/**
 * Reads the line, `address LF`, that a tunnel (a format of our own) writes in front of a client's bytes, and leaves those in the socket, which is paused and
 * known by the client's address from then on, as if the client were at its other end.
 * A socket that sends anything else is ended.
 */
export function readPeerLine(socket: Socket, onPeer: (peer: string) => void): void {
  let read: Buffer = Buffer.alloc(0);
  const end = () => socket.destroy();
  const look = (chunk: Buffer) => {
    read = Buffer.concat([read, chunk]);
    const at = read.indexOf(lineFeed);
    if (at < 0) {
      if (read.length > longestLineBytes) end();
      return;
    }
    socket.pause();
    socket.off("data", look);
    socket.off("error", end);
    if (at + 1 < read.length) socket.unshift(read.subarray(at + 1));
    const peer = read.toString("latin1", 0, at);
    if (peer !== "") Object.defineProperty(socket, "remoteAddress", { value: peer });
    onPeer(peer);
  };
  socket.on("error", end);
  socket.on("data", look);
  socket.resume();
}
