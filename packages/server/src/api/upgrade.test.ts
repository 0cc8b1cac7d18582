import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { NumberSeries } from "../telemetry/metric-family.ts";
import { createListener, type Listener } from "./listener.ts";
import type { Upgrade } from "./upgrade.ts";

const listeners: Listener[] = [];

afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.stop();
});

/** Goes on as an echo of what comes. */
function echo({ socket, head, peer }: Upgrade): void {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n${peer}|`,
  );
  socket.write(head);
  socket.pipe(socket);
}

async function start(fastLane: boolean): Promise<{ readonly listener: Listener; readonly port: number }> {
  const series = () => new NumberSeries();
  const listener = await createListener({
    host: "127.0.0.1",
    port: 0,
    maxConnections: 10,
    maxConnectionsPerAddress: 10,
    fastLane,
    connections: series(),
    requests: { fast: series(), node_http: series() },
    isTight: () => false,
  });
  listeners.push(listener);
  listener.mount({
    routes: [{ method: "GET", path: "/echo", access: "public" }],
    paths: new Map([["/echo", (_request, response) => void response.end("plain")]]),
    upgrades: new Map([["/echo", echo]]),
  });
  return { listener, port: (await listener.listen()).port };
}

function ask(upgrade: string, path = "/echo"): string {
  return `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: ${upgrade}\r\n\r\n`;
}

/** What has come once it fits. */
function readUntil(socket: Socket, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      if (pattern.test(text)) resolve(text);
    });
    socket.once("close", () => reject(new Error(`closed after: ${text}`)));
  });
}

function open(port: number, text: string): Socket {
  const socket = connect(port, "127.0.0.1", () => socket.write(text));
  return socket;
}

describe.each([
  ["the fast lane", true],
  ["node:http", false],
])("an upgrade over %s", (_name, fastLane) => {
  it("goes to the handler of its path, with what came behind it and the client's address", async () => {
    const { port } = await start(fastLane);
    const socket = open(port, `${ask("WebSocket")}first`);
    expect(await readUntil(socket, /first$/)).toMatch(/^HTTP\/1\.1 101 .*\r\n\r\n127\.0\.0\.1\|first$/s);
    socket.write("second");
    expect(await readUntil(socket, /second$/)).toBe("second");
    socket.destroy();
  });

  it.each(["h2c", "something"])("to %s is not heeded", async (protocol) => {
    const { port } = await start(fastLane);
    const socket = open(port, ask(protocol));
    expect(await readUntil(socket, /plain$/)).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  it("of a path without a handler is answered as any other request", async () => {
    const { port } = await start(fastLane);
    const socket = open(port, ask("websocket", "/nothing"));
    expect(await readUntil(socket, /not_found/)).toMatch(/^HTTP\/1\.1 404 /);
    socket.destroy();
  });

  it("is refused once the server stops, on a connection from before", async () => {
    const { listener, port } = await start(fastLane);
    // A request whose head is not whole keeps the connection when idle ones are ended.
    const socket = open(port, ask("websocket").slice(0, -2));
    // By then the first connection was accepted.
    const later = open(port, ask("websocket"));
    await readUntil(later, /\|$/);
    later.destroy();
    const told: string[] = [];
    listener.onClosing(() => told.push("closed"));
    listener.close();
    expect(told).toEqual(["closed"]);
    socket.write("\r\n");
    expect(await readUntil(socket, /\}$/)).toMatch(/^HTTP\/1\.1 503 .*shutting_down/s);
    socket.destroy();
  });
});
