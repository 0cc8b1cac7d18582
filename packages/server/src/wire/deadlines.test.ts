import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { Deadlines } from "./deadlines.ts";

const tickMs = 10;

/** Two ends of a connection whose first takes what the second writes. */
async function openPair(): Promise<readonly [Socket, Socket]> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const near = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
  const [far] = await once(server, "connection");
  server.close();
  return [near, far];
}

/** Keeps the event loop, as a collection or a machine that is put to sleep does. */
function standStill(forMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
}

it("hears what arrived while the process stood still before it asks whether time is up", async () => {
  const [near, far] = await openPair();
  const deadlines = new Deadlines(tickMs);
  const seen: string[] = [];
  const asked = new Promise<void>((resolve) => {
    near.on("data", () => seen.push("heard"));
    deadlines.add({
      place: -1,
      checkDeadline() {
        seen.push("asked");
        resolve();
      },
    });
  });
  far.write("the end of a reply");
  standStill(20 * tickMs);
  await asked;
  deadlines.stop();
  near.destroy();
  far.destroy();
  expect(seen).toEqual(["heard", "asked"]);
});
