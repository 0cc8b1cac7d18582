import { Client, SdkHttpError, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { member } from "../e2e/http.ts";
import type { Platform } from "../e2e/start-platform.ts";
import { type Driver, toRefusal } from "./driver.ts";

/** MCP: an operation is a tool. */
export function createMcpDriver(platform: Platform): Driver {
  const clients = new Map<string | undefined, Promise<Client>>();
  const connect = async (key: string | undefined): Promise<Client> => {
    const client = new Client({ name: "matrix", version: "1.0.0" });
    const requestInit = key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${platform.url}/mcp`), { requestInit }));
    return client;
  };
  return {
    name: "mcp",
    async call(operation, input, key) {
      const connecting = clients.get(key) ?? connect(key);
      clients.set(key, connecting);
      try {
        const client = await connecting;
        const name = operation.replaceAll(".", "_");
        const { isError, structuredContent } = await client.callTool({ name, arguments: { ...input } });
        if (isError !== true) return { ok: true, output: structuredContent };
        const error = member(structuredContent, "error");
        return toRefusal(member(error, "code"), fieldOf(error));
      } catch (error) {
        if (error instanceof SdkHttpError && error.status === 401)
          return toRefusal("unauthenticated", undefined);
        throw error;
      }
    },
    async close() {
      for (const client of await Promise.allSettled(clients.values()))
        if (client.status === "fulfilled") await client.value.close();
    },
  };
}

function fieldOf(error: unknown): unknown {
  return member(member(member(error, "problems"), "0"), "field") ?? member(error, "field");
}
