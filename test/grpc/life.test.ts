import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus as Serving,
} from "../../packages/server/src/api/grpc/generated/grpc/health/v1/health.ts";
import { protoFiles } from "../../packages/server/src/api/grpc/generated/descriptors.ts";
import { makeCertificate } from "../../packages/server/src/wire/certificate.test-data.ts";
import { ask } from "../e2e/http.ts";
import { openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { detailsOf, GrpcClient, grpcPort, openGrpc, whenModelsAreThere } from "./grpc-client.ts";
import { grpc, grpcServices } from "./methods.ts";

const key = "root-key-0123456789";
const auth = { api_keys: [{ name: "root", key, role: "admin" }] };
const services = ["Inference", "Models", "Integrations", "Metrics", "Operations"].map(
  (name) => `llmplatform.v1.${name}`,
);
const chat = { model: "fake/tiny-chat", messages: [{ role: "user", content: "one two three" }] };

const parentOf = (symbol: string) => symbol.slice(0, symbol.lastIndexOf("."));
const isService = (symbol: string) => grpcServices.has(symbol);

let upstream: FakeUpstream;
const clients: GrpcClient[] = [];

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await upstream.reset();
});

afterAll(async () => {
  await upstream?.stop();
});

async function start(
  config: Readonly<Record<string, unknown>> = {},
  env: Readonly<Record<string, string>> = {},
) {
  const platform = await startPlatform({
    config: { integrations: [openAiIntegration("fake", upstream.origin)], auth, ...config },
    env,
  });
  await whenModelsAreThere(platform, ["fake"], key);
  return { platform, client: await open(platform) };
}

async function open(platform: Platform): Promise<GrpcClient> {
  const client = await openGrpc(platform);
  clients.push(client);
  return client;
}

describe("health", () => {
  test("of the server and its services is told to everybody, that of integrations to those who may see them (R07)", async () => {
    const { platform, client } = await start();
    const check = async (service: string, asking = {}) => {
      const { code, reply } = await client.ask(grpc.health.check, { service }, asking);
      return code === status.OK ? reply?.status : code;
    };
    for (const service of ["", ...services]) expect(await check(service)).toBe(Serving.SERVING);
    expect(await check("none")).toBe(status.NOT_FOUND);
    expect(await check("integration.fake")).toBe(status.NOT_FOUND);
    expect(await check("integration.fake", { key })).toBe(Serving.SERVING);
    expect(await check("integration.local", { key })).toBe(Serving.NOT_SERVING);
    const listed = async (asking: object) =>
      Object.keys((await client.ask(grpc.health.list, {}, asking)).reply?.statuses ?? {});
    expect(await listed({})).toEqual(["", ...services]);
    expect(await listed({ key })).toContain("integration.fake");
    await platform.stop();
  });

  test("is watched: an unknown service stays open, an integration is followed", async () => {
    const { platform, client } = await start();
    const watch = (service: string) => {
      const told: (number | undefined)[] = [];
      const { call } = client.open(grpc.health.watch, { service }, { key });
      call.on("data", (reply: HealthCheckResponse) => told.push(reply.status));
      return { told, call };
    };
    const unknown = watch("none");
    const fake = watch("integration.fake");
    await expect.poll(() => fake.told.at(-1), { timeout: 10_000 }).toBe(Serving.SERVING);
    await expect.poll(() => unknown.told).toEqual([Serving.SERVICE_UNKNOWN]);
    const config = { enabled: false };
    await client.ask(grpc.integrations.configure, { name: "fake", config }, { key });
    await expect.poll(() => fake.told.at(-1), { timeout: 10_000 }).toBe(Serving.NOT_SERVING);
    expect(unknown.told).toHaveLength(1);
    for (const { call } of [unknown, fake]) call.cancel();
    await platform.stop();
  });
});

describe("reflection", () => {
  test("is for callers who are known, and has everything that is served", async () => {
    const { platform, client } = await start();
    const reflect = (request: object, asking = {}) => client.ask(grpc.reflection, request, asking);
    expect((await reflect({ list_services: "" })).code).toBe(status.UNAUTHENTICATED);
    const { reply } = await reflect({ list_services: "" }, { key });
    const names = reply?.list_services_response?.service?.map(({ name }) => name) ?? [];
    expect(names).toEqual([...grpcServices]);
    for (const name of names) {
      const found = await reflect({ file_containing_symbol: name }, { key });
      expect(found.reply?.file_descriptor_response?.file_descriptor_proto?.length).toBeGreaterThan(0);
    }
    const missing = await reflect({ file_containing_symbol: "no.Such" }, { key });
    expect(missing.reply?.error_response?.error_code).toBe(status.NOT_FOUND);
    await platform.stop();
  });

  test("is not there in production unless it is switched on (R06)", async () => {
    const production = { LLM_PLATFORM_ENV: "production" };
    for (const [grpcSection, code] of [
      [{}, status.UNIMPLEMENTED],
      [{ reflection: true }, status.OK],
    ] as const) {
      const { platform, client } = await start({ grpc: grpcSection }, production);
      expect((await client.ask(grpc.reflection, { list_services: "" }, { key })).code).toBe(code);
      platform.kill("SIGKILL");
      await platform.exit;
    }
  });

  test("every method of the contract is served", async () => {
    const { platform, client } = await start();
    const methods = protoFiles.flatMap(({ symbols }) =>
      symbols.filter((symbol) => isService(parentOf(symbol))),
    );
    expect(methods.length).toBeGreaterThan(20);
    const requestType = { encode: () => ({ finish: () => new Uint8Array() }) };
    for (const symbol of methods) {
      const name = symbol.slice(parentOf(symbol).length + 1);
      const type = { name, requestType, responseType: { decode: () => undefined } };
      const asked = client.open({ service: { fullName: parentOf(symbol) }, type }, {}, { timeoutMs: 300 });
      expect((await asked.ended).status.code, symbol).not.toBe(status.UNIMPLEMENTED);
    }
    await platform.stop();
  });
});

describe("a stop", () => {
  test("is told by health first; calls go on to their end, and what would never end is ended (O01, R07)", async () => {
    upstream.always({ kind: "stream", chunks: 40, intervalMs: 50 });
    const { platform, client } = await start();
    const { call: watching, ended: watched } = client.open(grpc.health.watch, { service: "" });
    const told: (number | undefined)[] = [];
    watching.on("data", (reply: HealthCheckResponse) => told.push(reply.status));
    await expect.poll(() => told).toEqual([Serving.SERVING]);
    const following = client.open(grpc.integrations.watchEvents, {}, { key });
    following.call.resume();
    const streams = Array.from({ length: 20 }, () => {
      const replies: object[] = [];
      const { call, ended } = client.open(grpc.chatStream, chat, { key });
      call.on("data", (reply: object) => replies.push(reply));
      return { replies, ended };
    });
    await expect
      .poll(() => streams.every(({ replies }) => replies.length > 0), { timeout: 5_000 })
      .toBe(true);
    platform.kill("SIGTERM");
    await expect.poll(() => told, { timeout: 2_000 }).toEqual([Serving.SERVING, Serving.NOT_SERVING]);
    for (const { ended, replies } of streams) {
      expect((await ended).status.code).toBe(status.OK);
      expect(replies.length).toBeGreaterThan(40);
    }
    for (const ended of [watched, following.ended]) {
      const { status: end } = await ended;
      expect(end.code).toBe(status.UNAVAILABLE);
      expect(detailsOf({ trailers: end.metadata }).info?.reason).toBe("shutting_down");
    }
    expect(await platform.exit).toBe(0);
  });

  test("ends what is left when its time is over, and says why (O01)", async () => {
    upstream.always({ kind: "endless-stream", intervalMs: 20 });
    const { platform, client } = await start({ server: { drain_seconds: 1 } });
    const { call, ended } = client.open(grpc.chatStream, chat, { key });
    await new Promise((resolve) => call.once("data", resolve));
    call.resume();
    platform.kill("SIGTERM");
    const { status: end } = await ended;
    expect(end.code).toBe(status.UNAVAILABLE);
    expect(detailsOf({ trailers: end.metadata }).info?.reason).toBe("shutting_down");
    expect(await platform.exit).toBe(0);
  });

  test("of the integration alone ends gRPC, and a start brings it back", async () => {
    const { platform, client } = await start();
    const asRoot = { authorization: `Bearer ${key}` };
    const configure = (enabled: boolean) =>
      ask(platform, "/integrations/grpc/config", { method: "PUT", body: { enabled }, headers: asRoot });
    expect((await configure(false)).json).toMatchObject({ state: "disabled" });
    expect((await client.ask(grpc.health.check, {}, { timeoutMs: 1_000 })).code).not.toBe(status.OK);
    expect((await configure(true)).json).toMatchObject({ state: "running" });
    const again = await open(platform);
    expect((await again.ask(grpc.health.check, {})).code).toBe(status.OK);
    await platform.stop();
  });
});

describe("a connection", () => {
  test("that has grown old is replaced, and no call is lost by it", async () => {
    const { platform, client } = await start({ grpc: { max_connection_age_seconds: 1 } });
    const untilMs = performance.now() + 4_000;
    let calls = 0;
    while (performance.now() < untilMs) {
      const { code, message } = await client.ask(grpc.chat, chat, { key });
      expect(code, message).toBe(status.OK);
      calls++;
    }
    expect(calls).toBeGreaterThan(20);
    await platform.stop();
  });
});

describe("with TLS", () => {
  test("the files are those of the port, and a renewed certificate is taken over", async () => {
    const authority = makeCertificate({ subject: "authority" });
    const folder = await mkdtemp(join(tmpdir(), "llm-platform-grpc-"));
    const files = { cert_file: join(folder, "own.crt"), key_file: join(folder, "own.key") };
    const renew = async (subject: string) => {
      const made = makeCertificate({ subject, issuer: authority });
      await writeFile(files.cert_file, made.cert);
      await writeFile(files.key_file, made.key);
    };
    await renew("first");
    const platform = await startPlatform({ config: { auth, server: { tls: files } } });
    const port = await grpcPort(platform);
    const seen = new Set<string>();
    const by = () =>
      credentials.createSsl(Buffer.from(authority.cert), null, null, {
        checkServerIdentity: (_host, { subject }) => {
          seen.add(String(subject.CN));
          return undefined;
        },
      });
    const askOnce = async () => {
      const client = new GrpcClient(`127.0.0.1:${port}`, by());
      const { code } = await client.ask(grpc.health.check, {});
      client.close();
      return code;
    };
    expect(await askOnce()).toBe(status.OK);
    const plain = new GrpcClient(`127.0.0.1:${port}`, credentials.createInsecure());
    expect((await plain.ask(grpc.health.check, {}, { timeoutMs: 1_000 })).code).not.toBe(status.OK);
    plain.close();
    await renew("second");
    await platform.logLine(/"event":"tls\.certificate_reloaded"/);
    expect(await askOnce()).toBe(status.OK);
    expect([...seen]).toEqual(["first", "second"]);
    await platform.stop();
    await rm(folder, { recursive: true });
  });
});
