import { credentials, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { openAiIntegration, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { GrpcClient, grpcPort } from "./grpc-client.ts";
import { grpc } from "./methods.ts";

const chat = { model: "tiny-chat", messages: [{ role: "user", content: "one two three" }] };

test("a client that takes turns leaves a replica that was killed within seconds, and comes back to it", async () => {
  const upstream = await createFakeUpstream({ dialect: "openai" });
  const start = (name: string, port = 0) =>
    startPlatform({
      config: { integrations: [openAiIntegration(name, upstream.origin)], grpc: { port } },
    });
  const [one, other] = await Promise.all([start("one"), start("other")]);
  const ports = await Promise.all([one, other].map(grpcPort));
  const client = new GrpcClient(
    `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(",")}`,
    credentials.createInsecure(),
    { "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }) },
  );
  /** Who served so many calls, and how many nobody did. */
  const served = async (calls: number) => {
    const counts = new Map<string, number>();
    for (let call = 0; call < calls; call++) {
      const { code, headers } = await client.ask(grpc.chat, chat);
      const by = code === status.OK ? String(headers.getMap()["x-llmp-provider"]) : "nobody";
      counts.set(by, (counts.get(by) ?? 0) + 1);
    }
    return Object.fromEntries(counts);
  };
  await expect
    .poll(async () => Object.keys(await served(4)).toSorted(), { timeout: 10_000 })
    .toEqual(["one", "other"]);
  const shares = await served(40);
  expect(shares["one"]).toBeGreaterThan(10);
  expect(shares["other"]).toBeGreaterThan(10);

  one.kill("SIGKILL");
  await one.exit;
  const killedAtMs = performance.now();
  await expect.poll(() => served(4), { timeout: 10_000 }).toEqual({ other: 4 });
  expect(performance.now() - killedAtMs).toBeLessThan(5_000);
  expect(await served(20)).toEqual({ other: 20 });

  const back = await start("one", ports[0]);
  await expect
    .poll(async () => Object.keys(await served(4)).toSorted(), { timeout: 20_000 })
    .toEqual(["one", "other"]);
  client.close();
  await Promise.all([back.stop(), other.stop(), upstream.stop()]);
}, 60_000);
