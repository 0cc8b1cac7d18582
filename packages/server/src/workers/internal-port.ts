import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlatformError } from "@llm-platform/kit";
import { readPeerLine } from "../wire/peer-line.ts";
import type { InternalAddresses } from "./messages.ts";

/** Where workers bring what they do not serve themselves. */
export interface InternalPort {
  readonly addresses: InternalAddresses;
  /** Takes no more connections, and removes the sockets. Those that are open belong to whoever took them. */
  stop(): Promise<void>;
}

export interface InternalPortInput {
  /** Folder of the sockets, which only this user may enter; what lies there is of a server that is no more. */
  readonly directory: string;
  /** @param client address of the client whose connection it is; undefined for one of a worker itself */
  onConnection(socket: Socket, client: string | undefined): void;
}

/** Longest path of a socket: 107 bytes on Linux, 103 on macOS. */
const longestPathBytes = 103;
const backlog = 4_096;

/** Rejects with PlatformError `unavailable` when the sockets cannot be made. */
export async function openInternalPort({
  directory,
  onConnection,
}: InternalPortInput): Promise<InternalPort> {
  try {
    const folder = process.platform === "win32" ? undefined : await makeFolder(directory);
    const addresses = { calls: toPath(folder, "calls"), connections: toPath(folder, "connections") };
    const servers = await Promise.all([
      listen(addresses.calls, (socket) => onConnection(socket, undefined)),
      listen(addresses.connections, (socket) => readPeerLine(socket, (peer) => onConnection(socket, peer))),
    ]);
    return {
      addresses,
      async stop() {
        for (const server of servers) server.close();
        if (folder !== undefined) await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (cause) {
    throw new PlatformError("unavailable", `The sockets for workers cannot be made in ${directory}.`, {
      cause,
    });
  }
}

/** The folder, or one under the system's temporary folder where its path is too long for a socket. */
async function makeFolder(directory: string): Promise<string> {
  await rm(directory, { recursive: true, force: true });
  if (Buffer.byteLength(join(directory, "connections.sock")) > longestPathBytes)
    return mkdtemp(join(tmpdir(), "llmp-"));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // A umask cannot widen the mode, and an older folder is gone; this is for file systems that ignore the mode.
  await chmod(directory, 0o700);
  return directory;
}

/** On Windows the name of a pipe, which cannot be guessed. */
function toPath(folder: string | undefined, name: string): string {
  return folder === undefined
    ? `//./pipe/llm-platform-${name}-${randomBytes(16).toString("hex")}`
    : join(folder, `${name}.sock`);
}

function listen(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, onConnection);
    server.once("error", reject);
    // What holds the process is the port of the clients.
    server.unref();
    server.listen({ path, backlog }, () => resolve(server));
  });
}
