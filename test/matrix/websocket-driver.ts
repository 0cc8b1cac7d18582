import { member } from "../e2e/http.ts";
import type { Platform } from "../e2e/start-platform.ts";
import { connectSocket, NotLetIn, type TestSocket } from "../e2e/websocket-client.ts";
import { type Driver, toRefusal } from "./driver.ts";

/** WebSocket: `operation.call` on a channel that every role may open. */
export function createWebSocketDriver(platform: Platform): Driver {
  const sockets = new Map<string | undefined, Promise<TestSocket>>();
  let calls = 0;
  const connect = (key: string | undefined): Promise<TestSocket> =>
    connectSocket(platform, "/ws/models", {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    });
  return {
    name: "websocket",
    async call(name, input, key) {
      const connecting = sockets.get(key) ?? connect(key);
      sockets.set(key, connecting);
      try {
        const socket = await connecting;
        const id = `call-${++calls}`;
        socket.send({ type: "operation.call", id, data: { name, input } });
        const { type, data } = await socket.next(/^operation\./, id);
        if (type === "operation.result") return { ok: true, output: data["output"] };
        const error = data["error"];
        return toRefusal(member(error, "code"), member(error, "param"));
      } catch (error) {
        if (error instanceof NotLetIn && error.status === 401) return toRefusal("unauthenticated", undefined);
        throw error;
      }
    },
    async close() {
      for (const socket of await Promise.allSettled(sockets.values()))
        if (socket.status === "fulfilled") await socket.value.close();
    },
  };
}
