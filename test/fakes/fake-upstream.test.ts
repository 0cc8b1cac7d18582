import { spawn } from "node:child_process";
import { Agent, request as httpRequest } from "node:http";
import { fileURLToPath } from "node:url";
import OpenAI from "openai";
import { afterEach, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream, type FakeUpstreamOptions } from "./fake-upstream.ts";
import { profileNames } from "./profiles.ts";
import { postText, sendRaw } from "./raw-client.ts";

const open: FakeUpstream[] = [];

async function start(options: Partial<FakeUpstreamOptions> = {}): Promise<FakeUpstream> {
  const upstream = await createFakeUpstream({ dialect: "openai", ...options });
  open.push(upstream);
  return upstream;
}

function clientOf(upstream: FakeUpstream, apiKey = "key"): OpenAI {
  return new OpenAI({ baseURL: `${upstream.origin}/v1`, apiKey, maxRetries: 0 });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((upstream) => upstream.stop()));
});

const hello = { model: "tiny-chat", messages: [{ role: "user" as const, content: "hello big world" }] };
const weatherTool = {
  type: "function" as const,
  function: {
    name: "get_weather",
    parameters: {
      type: "object",
      properties: { city: { type: "string" }, days: { type: "integer", minimum: 2 } },
    },
  },
};

describe("a healthy OpenAI-speaking fake, through the official client", () => {
  test("echoes the last user text and counts tokens that add up", async () => {
    const reply = await clientOf(await start()).chat.completions.create(hello);
    expect(reply.choices[0]?.message.content).toBe("echo: hello big world");
    expect(reply.choices[0]?.finish_reason).toBe("stop");
    expect(reply.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 4, total_tokens: 11 });
  });

  test.each(profileNames)("streams the same text in the family %s", async (profile) => {
    const client = clientOf(await start({ profile }));
    const stream = await client.chat.completions.create({
      ...hello,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    const finishes: unknown[] = [];
    let total: number | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      if (chunk.choices[0]?.finish_reason != null) finishes.push(chunk.choices[0].finish_reason);
      total = chunk.usage?.total_tokens ?? total;
    }
    expect({ text, finishes, total }).toEqual({
      text: "echo: hello big world",
      finishes: ["stop"],
      total: 11,
    });
  });

  test("streams the arguments of a tool call in parts and takes the tool's result", async () => {
    const client = clientOf(await start());
    const messages = [{ role: "user" as const, content: "please get_weather for me" }];
    const stream = client.chat.completions.stream({ model: "tiny-chat", messages, tools: [weatherTool] });
    const final = await stream.finalChatCompletion();
    const call = final.choices[0]?.message.tool_calls?.[0];
    expect(final.choices[0]?.finish_reason).toBe("tool_calls");
    expect(call?.type === "function" && JSON.parse(call.function.arguments)).toEqual({
      city: "city",
      days: 2,
    });
    const toolResult = { role: "tool" as const, tool_call_id: call?.id ?? "", content: "sunny" };
    const after = await client.chat.completions.create({
      model: "tiny-chat",
      messages: [
        ...messages,
        { role: "assistant", tool_calls: call === undefined ? [] : [call] },
        toolResult,
      ],
      tools: [weatherTool],
    });
    expect(after.choices[0]?.message.content).toBe("tool said: sunny");
  });

  test("calls a tool that is required or named, and none when told so", async () => {
    const client = clientOf(await start());
    const named = { type: "function" as const, function: { name: "get_weather" } };
    const endings = [];
    for (const tool_choice of ["required", named, "none", "auto"] as const) {
      const reply = await client.chat.completions.create({ ...hello, tools: [weatherTool], tool_choice });
      endings.push(reply.choices[0]?.finish_reason);
    }
    expect(endings).toEqual(["tool_calls", "tool_calls", "stop", "stop"]);
  });

  test("fills a JSON schema", async () => {
    const schema = {
      type: "object",
      properties: {
        name: { type: "string" },
        age: { type: "integer" },
        tags: { type: "array", items: { enum: ["a", "b"] } },
      },
      required: ["name", "age", "tags"],
    };
    const reply = await clientOf(await start()).chat.completions.create({
      ...hello,
      response_format: { type: "json_schema", json_schema: { name: "person", schema } },
    });
    expect(JSON.parse(reply.choices[0]?.message.content ?? "")).toEqual({
      name: "name",
      age: 1,
      tags: ["a"],
    });
  });

  test("obeys n, logprobs, stop and max_tokens, and counts images", async () => {
    const client = clientOf(await start());
    const many = await client.chat.completions.create({ ...hello, n: 2, logprobs: true, top_logprobs: 2 });
    expect(many.choices.map((choice) => choice.message.content)).toEqual([
      "echo: hello big world",
      "echo: hello big world (choice 1)",
    ]);
    expect(many.choices[0]?.logprobs?.content?.map((entry) => entry.token).join("")).toBe(
      "echo: hello big world",
    );
    expect(many.choices[0]?.logprobs?.content?.[0]?.top_logprobs).toHaveLength(2);
    const stopped = await client.chat.completions.create({ ...hello, stop: [" world"] });
    expect(stopped.choices[0]?.message.content).toBe("echo: hello big");
    const cut = await client.chat.completions.create({ ...hello, max_tokens: 2 });
    expect(cut.choices[0]).toMatchObject({ finish_reason: "length", message: { content: "echo: hello" } });
    const image = { type: "image_url" as const, image_url: { url: "data:image/png;base64,AAAA" } };
    const seen = await client.chat.completions.create({
      model: "tiny-chat",
      messages: [{ role: "user", content: [{ type: "text", text: "look" }, image] }],
    });
    expect(seen.usage?.prompt_tokens).toBe(90);
  });

  test("answers text completions, whole and streamed", async () => {
    const client = clientOf(await start());
    const whole = await client.completions.create({ model: "tiny-chat", prompt: ["one", "two"] });
    expect(whole.choices.map((choice) => choice.text)).toEqual(["echo: one", "echo: two"]);
    const stream = await client.completions.create({ model: "tiny-chat", prompt: "one two", stream: true });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? "";
    expect(text).toBe("echo: one two");
  });

  test("gives the same embedding as numbers and as base64, in the dimensions asked for", async () => {
    const client = clientOf(await start());
    const input = ["alpha beta", "gamma"];
    const numbers = await client.embeddings.create({
      model: "tiny-embed",
      input,
      encoding_format: "float",
      dimensions: 8,
    });
    const coded = await client.embeddings.create({ model: "tiny-embed", input, dimensions: 8 });
    expect(numbers.data.map((item) => item.embedding.length)).toEqual([8, 8]);
    expect(coded.data.map((item) => item.embedding)).toEqual(numbers.data.map((item) => item.embedding));
    expect(numbers.usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
  });

  test("lists models and refuses unknown ones, wrong keys and broken JSON in OpenAI's words", async () => {
    const upstream = await start({ models: ["a", "b"], apiKey: "right" });
    const client = clientOf(upstream, "right");
    expect((await client.models.list()).data.map((model) => model.id)).toEqual(["a", "b"]);
    expect((await client.models.retrieve("b")).owned_by).toBe("system");
    await expect(client.chat.completions.create(hello)).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    });
    await expect(clientOf(upstream, "wrong").models.list()).rejects.toMatchObject({
      status: 401,
      code: "invalid_api_key",
    });
    const headers = { authorization: "Bearer right" };
    const broken = await fetch(`${upstream.origin}/v1/chat/completions`, {
      method: "POST",
      headers,
      body: "{",
    });
    expect(broken.status).toBe(400);
  });
});

describe("server families", () => {
  test.each([
    ["llama-cpp", "/health", '{"status":"ok"}'],
    ["vllm", "/health", ""],
    ["localai", "/readyz", "OK"],
    ["textgen", "/v1/internal/model/info", '{"model_name":"tiny-chat","lora_names":[],"loader":"llama.cpp"}'],
  ] as const)("%s answers %s", async (profile, path, body) => {
    const upstream = await start({ profile });
    const reply = await fetch(upstream.origin + path);
    expect([reply.status, await reply.text()]).toEqual([200, body]);
  });

  test("LM Studio lists its models in its own API", async () => {
    const reply = await fetch(`${(await start({ profile: "lm-studio" })).origin}/api/v0/models`);
    expect(await reply.json()).toMatchObject({
      data: [{ id: "tiny-chat", type: "llm", state: "loaded" }, { type: "embeddings" }],
    });
  });

  test("text-generation-webui opens with a ping and puts spaces into the JSON of events", async () => {
    const upstream = await start({ profile: "textgen" });
    const client = await sendRaw(upstream.port, postText("/v1/chat/completions", { ...hello, stream: true }));
    const text = await client.until(/\[DONE\]/);
    expect(text).toMatch(/: ping - .+\n\n/);
    expect(text).toContain('"delta": {"content": " hello"}');
    client.socket.destroy();
  });
});

describe("the program", () => {
  test("serves on its own and prints where", async () => {
    const file = fileURLToPath(new URL("serve.ts", import.meta.url));
    const fault = '{"kind":"status","status":429}';
    const child = spawn(process.execPath, [
      file,
      "--dialect",
      "openai",
      "--profile",
      "vllm",
      "--always",
      fault,
    ]);
    const line = Promise.withResolvers<string>();
    child.stdout.once("data", (bytes: Buffer) => line.resolve(bytes.toString().trim()));
    const exit = Promise.withResolvers<number | null>();
    child.once("exit", (code) => exit.resolve(code));
    const origin = await line.promise;
    expect(await (await fetch(`${origin}/version`)).json()).toHaveProperty("version");
    const refused = await fetch(`${origin}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify(hello),
    });
    expect(refused.status).toBe(429);
    child.kill("SIGTERM");
    expect(await exit.promise).toBe(0);
  });
});

describe("what a test sees of the fake", () => {
  test("records requests as sent and hands each one out once", async () => {
    const upstream = await start();
    const waiting = upstream.nextRequest({ path: "/v1/chat/completions" });
    const client = await sendRaw(
      upstream.port,
      postText("/v1/chat/completions?x=1", hello, ["X-Odd-CASE:  v "]),
    );
    const request = await waiting;
    expect(request).toMatchObject({
      method: "POST",
      target: "/v1/chat/completions?x=1",
      turn: 1,
      connection: 1,
    });
    expect(request.headers).toContainEqual(["X-Odd-CASE", "v"]);
    expect(JSON.parse(request.bodyText)).toEqual(hello);
    await request.closed;
    expect(request.aborted).toBe(false);
    expect(upstream.openConnections).toBe(1);
    client.socket.destroy();
  });

  test("decodes chunked request bodies and answers pipelined requests in order", async () => {
    const upstream = await start();
    const json = JSON.stringify(hello);
    const half = json.length >> 1;
    const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
    const chunked = `POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(json.slice(0, half))}${chunk(json.slice(half))}0\r\n\r\n`;
    const last = "GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n";
    const { text, end } = await (await sendRaw(upstream.port, chunked + last)).done;
    expect(text.indexOf("echo: hello")).toBeGreaterThan(0);
    expect(text.indexOf('"object":"list"')).toBeGreaterThan(text.indexOf("echo: hello"));
    expect(end).toBe("fin");
    expect(upstream.requests[0]?.bodyText).toBe(json);
  });

  test("notices that a client left in the middle of a stream", async () => {
    const upstream = await start();
    upstream.script({ kind: "stream", chunks: 1000, intervalMs: 1 });
    const client = await sendRaw(upstream.port, postText("/v1/chat/completions", { ...hello, stream: true }));
    await client.until(/w3"/);
    client.socket.destroy();
    const request = await upstream.nextRequest();
    await request.closed;
    expect(request.aborted).toBe(true);
    expect(upstream.openConnections).toBe(0);
  });

  test("keeps connections and counts them", async () => {
    const upstream = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = 1; turn <= 3; turn += 1) {
      const over = Promise.withResolvers<void>();
      httpRequest(`${upstream.origin}/v1/models`, { agent }, (reply) =>
        reply.resume().on("end", over.resolve),
      ).end();
      await over.promise;
    }
    expect(upstream.requests.map((request) => request.turn)).toEqual([1, 2, 3]);
    expect(upstream.totalConnections).toBe(1);
    agent.destroy();
  });

  test("refuses connections after stop and comes back on the same port", async () => {
    const upstream = await start();
    const { port } = upstream;
    await upstream.stop();
    await expect(sendRaw(port, "")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await upstream.listenOn();
    expect(upstream.port).toBe(port);
    expect((await fetch(`${upstream.origin}/v1/models`)).status).toBe(200);
  });

  test("takes length and pace from the model's name", async () => {
    const reply = await clientOf(await start()).chat.completions.create({
      ...hello,
      model: "tiny-chat+chunks=3+first=1",
    });
    expect(reply.choices[0]?.message.content).toBe("w0 w1 w2");
    expect(reply.usage?.completion_tokens).toBe(3);
  });
});
