import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectPlain, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Certificate, makeCertificate } from "../../packages/server/src/wire/certificate.test-data.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, chatBody, metric } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const authority = makeCertificate({ subject: "authority" });
const expires = new Date("2033-01-01T00:00:00Z");
const own = makeCertificate({ subject: "own", issuer: authority, expires });

let folder = "";
let upstream: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  // Clients of this file trust the authority; the platform does not need to.
  setDefaultCACertificates([...getCACertificates(), authority.cert]);
  folder = await mkdtemp(join(tmpdir(), "llm-platform-tls-"));
  upstream = await createFakeUpstream({ dialect: "openai" });
  platform = await startPlatform({ config: { server: { tls: await write("own", own) }, ...integrations() } });
});

afterAll(async () => {
  await platform?.stop();
  await upstream?.stop();
  await rm(folder, { recursive: true });
});

function integrations() {
  return { integrations: [openAiIntegration("office", upstream.origin)] };
}

async function write(name: string, { cert, key }: Pick<Certificate, "cert" | "key">) {
  const files = { cert_file: join(folder, `${name}.crt`), key_file: join(folder, `${name}.key`) };
  await writeFile(files.cert_file, cert);
  await writeFile(files.key_file, key);
  return files;
}

describe("the platform with TLS", () => {
  test("says https in its address, and when its certificate ends", async () => {
    expect(platform.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await metric(platform, "llm_tls_certificate_expiry_timestamp_seconds")).toBe(
      expires.getTime() / 1_000,
    );
  });

  test("serves OpenAI's own client, with a stream and without", async () => {
    const client = new OpenAI({ baseURL: `${platform.url}/v1`, apiKey: "none", maxRetries: 0 });
    const asking = {
      model: "office/tiny-chat",
      messages: [{ role: "user" as const, content: "one two three" }],
    };
    const whole = await client.chat.completions.create(asking);
    expect(whole.choices[0]?.message.content).toMatch(/\S/);
    let streamed = "";
    for await (const chunk of await client.chat.completions.create({ ...asking, stream: true }))
      streamed += chunk.choices[0]?.delta.content ?? "";
    expect(streamed).toBe(whole.choices[0]?.message.content);
    expect((await client.models.list()).data.map(({ id }) => id)).toContain("tiny-chat");
  });

  test("serves calls and everything else on one connection, whichever lane reads them", async () => {
    const fast = await metric(platform, "llm_http_requests_total", `lane="fast"`);
    const socket = connect(platform.port, "127.0.0.1");
    await once(socket, "secureConnect");
    const replies = new Replies(socket);
    const body = JSON.stringify(chatBody("office/tiny-chat"));
    const call = `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    for (let turn = 0; turn < 2; turn++) {
      socket.write(call);
      expect(await replies.next()).toMatch(/^HTTP\/1\.1 200 OK[^]+"finish_reason":"stop"/);
    }
    socket.write(`GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${call}`);
    expect(await replies.next()).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(await replies.next()).toMatch(/^HTTP\/1\.1 200 OK[^]+"finish_reason":"stop"/);
    socket.destroy();
    const isFast = process.env["LLM_PLATFORM_SERVER__FAST_LANE"] !== "false";
    expect(await metric(platform, "llm_http_requests_total", `lane="fast"`)).toBe(fast + (isFast ? 2 : 0));
  });

  test("has an answer for plain HTTP on its port: none", async () => {
    const plain = platform.url.replace("https:", "http:");
    await expect(fetch(`${plain}/livez`)).rejects.toThrow();
    expect((await ask(platform, "/livez")).status).toBe(200);
  });
});

describe("an upstream with TLS", () => {
  test("is trusted by its issuer's certificate, for probes and for calls, and its sessions are resumed", async () => {
    const front = await startFront();
    const ca = join(folder, "authority.crt");
    await writeFile(ca, authority.cert);
    const through = await startPlatform({
      config: {
        integrations: [
          openAiIntegration("office", front.origin, { tls: { ca_file: ca } }),
          openAiIntegration("wary", front.origin),
          openAiIntegration("lost", front.origin, { tls: { ca_file: join(folder, "none.crt") } }),
        ],
      },
    });
    for (let turn = 0; turn < 3; turn++) {
      const answer = await ask(through, "/v1/chat/completions", { body: chatBody("office/tiny-chat") });
      expect(answer.status, answer.text).toBe(200);
      // The next call needs a connection of its own.
      front.dropConnections();
    }
    const handshakes = (session: string) =>
      metric(through, "llm_upstream_tls_handshakes_total", `integration="office"`, `session="${session}"`);
    expect([await handshakes("new"), await handshakes("resumed")]).toEqual([1, 2]);
    const reasonOf = async (name: string) => (await ask(through, `/integrations/${name}/status`)).text;
    expect(await reasonOf("wary")).toMatch(/is not trusted \([A-Z_]+\)/);
    expect(await reasonOf("lost")).toMatch(/"state":"error".*none\.crt cannot be read/);
    await through.stop();
    front.stop();
  });
});

/** TLS in front of the fake upstream. */
async function startFront() {
  const connections = new Set<Socket>();
  const server = createServer({ cert: own.cert, key: own.key }, (socket) => {
    const behind = connectPlain(Number(new URL(upstream.origin).port), "127.0.0.1");
    for (const one of [socket, behind]) {
      connections.add(one);
      one.on("error", () => undefined);
      one.on("close", () => {
        socket.destroy();
        behind.destroy();
      });
    }
    socket.pipe(behind).pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const dropConnections = () => {
    for (const socket of connections) socket.destroy();
    connections.clear();
  };
  return {
    origin: `https://127.0.0.1:${port}`,
    dropConnections,
    stop() {
      dropConnections();
      server.close();
    },
  };
}

describe("TLS that cannot be", () => {
  test.each<[string, () => Promise<Record<string, string>>, RegExp]>([
    [
      "a key of another certificate",
      async () => write("mixed", { cert: own.cert, key: authority.key }),
      /server\.tls\.key_file: is not the key of the first certificate/,
    ],
    [
      "no file",
      async () => ({ ...(await write("lost", own)), cert_file: "missing.crt" }),
      /server\.tls\.cert_file: there is no file missing\.crt/,
    ],
    [
      "no key",
      async () => ({ cert_file: (await write("half", own)).cert_file }),
      /server\.tls\.key_file: is needed beside the other files of server\.tls/,
    ],
    [
      "an unknown version",
      async () => ({ ...(await write("old", own)), min_version: "1.1" }),
      /server\.tls\.min_version: /,
    ],
  ])("keeps the platform from starting, by name of the setting: %s", async (_what, tls, problem) => {
    await expect(startPlatform({ config: { server: { tls: await tls() } } })).rejects.toThrow(problem);
  });

  test("is a warning when the certificate has expired", async () => {
    const old = makeCertificate({ subject: "old", expires: new Date(Date.now() - 1_000) });
    const late = await startPlatform({
      config: { server: { tls: { ...(await write("expired", old)), min_version: 1.3 } }, ...integrations() },
    });
    await late.logLine(/"level":"warn".*"event":"tls\.certificate_expired"/);
    await late.stop();
  });
});

/** Replies with a length, one after another, as they come on a connection. */
class Replies {
  readonly #socket: TLSSocket;
  #text = "";

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => (this.#text += bytes.toString("latin1")));
  }

  async next(): Promise<string> {
    for (;;) {
      const headEnd = this.#text.indexOf("\r\n\r\n") + 4;
      const length = Number(/content-length: (\d+)/i.exec(this.#text.slice(0, headEnd))?.[1] ?? Number.NaN);
      if (this.#text.length >= headEnd + length) {
        const reply = this.#text.slice(0, headEnd + length);
        this.#text = this.#text.slice(headEnd + length);
        return reply;
      }
      await once(this.#socket, "data");
    }
  }
}
