import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { spawnServer } from "./spawn-server.ts";

test("a server whose port is taken says so and ends", { timeout: 60_000 }, async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  const address = other.address();
  if (address === null || typeof address === "string") throw new Error("It listens on no port.");
  const server = spawnServer({
    LLM_PLATFORM_SERVER__PORT: String(address.port),
    LLM_PLATFORM_INTEGRATIONS: JSON.stringify([{ name: "ollama", enabled: false }]),
  });
  expect(await server.exit).toBe(1);
  expect(server.text()).toContain(
    `port ${address.port}: something else listens there; choose another port with LLM_PLATFORM_SERVER__PORT.`,
  );
});
