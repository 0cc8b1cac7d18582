import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { postText, sendRaw } from "../fakes/raw-client.ts";
import { type Answer, ask, chat, chatBody, expectCleanSinks, expectRefusal, metric } from "./http.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const path = "/v1/chat/completions";
const capBytes = 16 * 1024 * 1024;

let openai: FakeUpstream;
let ollama: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
  ollama = await createFakeUpstream({ dialect: "ollama" });
  platform = await startPlatform({
    config: {
      gateway: { max_body_bytes: capBytes },
      integrations: [openAiIntegration("fake", openai.origin), ollamaIntegration("lama", ollama.origin)],
    },
  });
});

afterAll(async () => {
  await platform.stop();
  await Promise.all([openai.stop(), ollama.stop()]);
});

test("H01 a body that announces too many bytes is refused before it is read", async () => {
  const client = await sendRaw(
    platform.port,
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${capBytes + 1}\r\n\r\n`,
  );
  expectRefusal(toAnswer((await client.done).text), { status: 413, code: "payload_too_large" });
});

test("H02 a body without a length is refused at the cap, and its connection ends", async () => {
  const client = await sendRaw(
    platform.port,
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  const chunk = Buffer.from(`10000\r\n${" ".repeat(0x10000)}\r\n`);
  const state = { sent: 0, isOver: false };
  void client.done.then(() => {
    state.isOver = true;
  });
  client.socket.on("close", () => client.socket.emit("drain"));
  while (!state.isOver && state.sent < capBytes * 4 && !client.text().includes("\r\n\r\n")) {
    state.sent += 0x10000;
    if (!client.socket.write(chunk)) await once(client.socket, "drain").catch(() => undefined);
    else await new Promise(setImmediate);
  }
  const { text } = await client.done;
  expectRefusal(toAnswer(text), { status: 413, code: "payload_too_large" });
  expect(state.sent).toBeLessThan(capBytes * 2);
});

test.each(["gzip", "br", "zstd", "deflate"])(
  "H03 a body compressed by %s is refused unread",
  async (encoding) => {
    const answer = await ask(platform, path, {
      body: "compressed",
      headers: { "content-encoding": encoding },
    });
    expectRefusal(answer, { status: 415, code: "unsupported_media_type" });
  },
);

test.each([
  ["5,000 lists", `{"model":"fake/tiny-chat","messages":${"[".repeat(5_000)}${"]".repeat(5_000)}}`],
  ["5,000 lists that are never closed", `{"model":"fake/tiny-chat","messages":${"[".repeat(5_000)}`],
  [
    "a million objects",
    `{"model":"fake/tiny-chat","messages":${'{"a":'.repeat(1_000_000)}1${"}".repeat(1_000_000)}}`,
  ],
])("H04 a body of %s one in another is refused as too deep", async (_name, body) => {
  const answer = await ask(platform, path, { body });
  expectRefusal(answer, { status: 400, code: "invalid_request" });
  expect(answer.text).toContain("nesting too deep");
  expect(platform.log()).not.toContain("RangeError");
});

test("H05 five million empty objects are refused by their number without holding up others", async () => {
  const body = `{"model":"fake/tiny-chat","messages":[${"{},".repeat(5_000_000)}{}]}`;
  const waits: number[] = [];
  const big = ask(platform, path, { body });
  const state = { isOver: false };
  void big.finally(() => (state.isOver = true));
  while (!state.isOver) {
    const sentAtMs = performance.now();
    await fetch(`${platform.url}/livez`).then((response) => response.text());
    waits.push(performance.now() - sentAtMs);
  }
  expectRefusal(await big, { status: 400, code: "invalid_request" });
  expect((await big).text).toContain("too many values");
  expect(Math.max(...waits)).toBeLessThan(1_000);
});

const get = "GET /v1/models HTTP/1.1\r\n";

test.each([
  ["both a length and chunks", `${postText(path, {}, ["Transfer-Encoding: chunked"])}0\r\n\r\n`, 400],
  ["two lengths", postText(path, {}, ["Content-Length: 3"]), 400],
  ["a bare line feed", "GET /v1/models HTTP/1.1\nHost: localhost\n\n", 400],
  ["a folded header", `${get}Host: localhost\r\nX-Folded: one\r\n two\r\n\r\n`, 400],
  ["a blank before a colon", `${get}Host : localhost\r\n\r\n`, 400],
  [
    "chunks said in another way",
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    "a length that is no number",
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: +5\r\n\r\nhello`,
    400,
  ],
  ["a NUL in a header", `${get}Host: localhost\r\nX-Nul: a\0b\r\n\r\n`, 400],
  ["no Host", `${get}\r\n`, 400],
  ["no version", "GET /v1/models\r\nHost: localhost\r\n\r\n", 400],
  [
    "chunks in HTTP/1.0",
    "GET /v1/models HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
  ],
  ["headers of 20 KB", `${get}Host: localhost\r\nX-Long: ${"a".repeat(20_000)}\r\n\r\n`, 431],
  [
    "1,500 headers",
    `${get}Host: localhost\r\n${Array.from({ length: 1_500 }, (_, at) => `a${at}: b\r\n`).join("")}\r\n`,
    431,
  ],
  ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400],
])("H10 a request with %s is refused in JSON, and its connection ends", async (_name, text, status) => {
  const client = await sendRaw(platform.port, text);
  const exchange = await client.done;
  expectRefusal(toAnswer(exchange.text), { status, code: "invalid_request" });
  expect(exchange.text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
});

test("H13 many different names leave no more series and no more memory", async () => {
  const series = async () => (await ask(platform, "/metrics")).text.split("\n").length;
  const memory = () => metric(platform, "process_resident_memory_bytes");
  const askAll = async (round: number) => {
    for (let at = 0; at < 3_000; at += 50) {
      const few = Array.from({ length: 50 }, (_, more) =>
        ask(platform, path, {
          body: chatBody(`name-${round}-${at + more}`),
          headers: { accept: `text/x-${round}-${at + more}`, "user-agent": `agent-${round}-${at + more}` },
        }),
      );
      for (const answer of await Promise.all(few)) expect(answer.status).toBe(404);
    }
  };
  await askAll(0);
  const before = { series: await series(), bytes: await memory() };
  await askAll(1);
  expect(await series()).toBe(before.series);
  expect((await memory()) - before.bytes).toBeLessThan(64 * 1024 * 1024);
});

test.each([
  ["escapes of all kinds", String.raw`a\u0000b \ud83d \udc00 \" \\ \/ \n`],
  ["a byte order mark", "\ufeffhello\ufeff"],
  ["writing from right to left", "\u202eשלום مرحبا\u202c"],
  ["a hundred thousand emoji", "🦊".repeat(100_000)],
])("H17 a prompt of %s reaches an upstream of its own dialect byte for byte", async (_name, prompt) => {
  const text = `{"model": "fake/tiny-chat",  "messages":[{"role":"user","content":"${prompt}"}] }`;
  const answer = await ask(platform, path, { body: text });
  expect(answer.status, answer.text.slice(0, 500)).toBe(200);
  const received = openai.requests.findLast(({ method }) => method === "POST");
  expect(received?.bodyText === text.replace('"fake/tiny-chat"', '"tiny-chat"')).toBe(true);
});

test("H17 bytes that are no UTF-8 in a prompt reach the upstream as they are", async () => {
  const parts = ['{"model":"', "fake/", 'tiny-chat","messages":[{"role":"user","content":"'].map((part) =>
    Buffer.from(part),
  );
  const rest = [Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from('"}]}')];
  const response = await fetch(platform.url + path, {
    method: "POST",
    body: new Uint8Array(Buffer.concat([...parts, ...rest])),
  });
  expect(response.status, await response.text()).toBe(200);
  const received = openai.requests.findLast(({ method }) => method === "POST");
  expect(received?.bodyBytes).toEqual(Buffer.concat([...parts.filter((_, at) => at !== 1), ...rest]));
});

test.each([
  "🦊",
  "a b",
  "../../etc/passwd",
  "-x",
  "a\u0000b",
  "a\nb",
  "א",
  "\ufeffa",
  "x".repeat(257),
  "<script>",
  "",
  "a\\u002fb",
])("H17 the name %j is refused as a model", async (model) => {
  const answer = await ask(platform, path, { body: chatBody(model) });
  expectRefusal(answer, { status: 400, code: "invalid_request" });
  expect(answer.json).toMatchObject({ error: { param: "model" } });
});

test.each([
  ["a NUL between values", Buffer.from('{"model":\u0000"fake/tiny-chat"}')],
  ["no JSON", Buffer.from("hello")],
  ["nothing", Buffer.alloc(0)],
  ["a list", Buffer.from("[]")],
  ["an object and more", Buffer.from('{"model":"fake/tiny-chat"}{}')],
  ["one model twice", Buffer.from('{"model":"fake/tiny-chat","model":"lama/tiny-chat"}')],
])("H17 a body of %s is refused", async (_name, bytes) => {
  const response = await fetch(platform.url + path, { method: "POST", body: new Uint8Array(bytes) });
  const text = await response.text();
  expectRefusal(
    {
      status: response.status,
      headers: response.headers,
      text,
      json: JSON.parse(text),
      requestId: response.headers.get("x-request-id") ?? "",
    },
    { status: 400, code: "invalid_request" },
  );
});

test.each(["api_base", "base_url", "custom_host", "extra_headers", "user_config", "callbacks", "api_key"])(
  "H19 the field %s is refused and steers nothing",
  async (field) => {
    const stranger = await createFakeUpstream({ dialect: "openai" });
    const answer = await chat(platform, "fake/tiny-chat", { [field]: `${stranger.origin}/v1` });
    expectRefusal(answer, { status: 400, code: "unsupported_parameter" });
    expect(answer.json).toMatchObject({ error: { param: field } });
    expect(stranger.totalConnections).toBe(0);
    await stranger.stop();
  },
);

test("H19 headers that steer other gateways neither steer this one nor pass", async () => {
  const stranger = await createFakeUpstream({ dialect: "openai" });
  const headers = {
    "x-portkey-custom-host": `${stranger.origin}/v1`,
    "x-portkey-provider": "openai",
    "x-forwarded-host": `127.0.0.1:${stranger.port}`,
    "x-litellm-api-base": stranger.origin,
    "helicone-target-url": stranger.origin,
  };
  for (const model of ["fake/tiny-chat", "lama/tiny-chat:latest"]) {
    const answer = await ask(platform, path, { body: chatBody(model), headers });
    expect(answer.status, answer.text).toBe(200);
    const upstream = model.startsWith("fake") ? openai : ollama;
    const received = upstream.requests.findLast(({ method }) => method === "POST");
    for (const name of Object.keys(headers)) expect(received?.header(name), name).toBeUndefined();
  }
  expect(stranger.totalConnections).toBe(0);
  await stranger.stop();
});

test("after all of this the platform serves, and planted secrets are nowhere", async () => {
  expect((await chat(platform, "fake/tiny-chat")).status).toBe(200);
  expect((await chat(platform, "lama/tiny-chat:latest")).status).toBe(200);
  await expectCleanSinks(platform);
});

/** The answer on a bare connection. */
function toAnswer(text: string): Answer {
  const split = text.indexOf("\r\n\r\n");
  const [line = "", ...fields] = text.slice(0, split).split("\r\n");
  const headers = new Headers(
    fields.map((field): [string, string] => [
      field.slice(0, field.indexOf(":")),
      field.slice(field.indexOf(":") + 1).trim(),
    ]),
  );
  const body = text.slice(split + 4);
  return {
    status: Number(line.split(" ")[1]),
    headers,
    text: body,
    json: body === "" ? undefined : JSON.parse(body),
    requestId: headers.get("x-request-id") ?? "",
  };
}
