import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { openGrpc } from "../grpc/grpc-client.ts";
import { grpc } from "../grpc/methods.ts";
import { askGraph } from "./graphql-calls.ts";
import { member } from "./http.ts";
import type { Platform } from "./start-platform.ts";
import { connectSocket } from "./websocket-client.ts";

export const weatherParameters = {
  type: "object" as const,
  properties: { city: { type: "string", maxLength: 20 } },
  required: ["city"],
  additionalProperties: false,
};

interface ToolQuestion {
  readonly key: string;
  readonly model: string;
  readonly question: string;
}

/** The first call of a tool that a model answers with. */
interface CalledTool {
  readonly name: unknown;
  readonly input: unknown;
}

/** Asks a model over one protocol, with a tool that it may call. */
export type ToolCaller = (platform: Platform, question: ToolQuestion) => Promise<CalledTool>;

const name = "get_weather";
const description = "Weather of a city.";
const tools = [{ type: "function" as const, function: { name, description, parameters: weatherParameters } }];

export const toolCallers: Readonly<Record<string, ToolCaller>> = {
  async "the OpenAI API"(platform, { key, model, question }) {
    const client = new OpenAI({ baseURL: `${platform.url}/v1`, apiKey: key, maxRetries: 0 });
    const messages = [{ role: "user" as const, content: question }];
    const stream = await client.chat.completions.create({ model, messages, tools, stream: true });
    const parts = [];
    for await (const { choices } of stream) parts.push(...(choices[0]?.delta.tool_calls ?? []));
    const first = parts.filter(({ index }) => index === 0).map((part) => part.function);
    return toCall(
      first.find((part) => part?.name)?.name,
      first.map((part) => part?.arguments ?? "").join(""),
    );
  },
  async "OpenAI's responses"(platform, { key, model, question }) {
    const client = new OpenAI({ baseURL: `${platform.url}/v1`, apiKey: key, maxRetries: 0 });
    const { output } = await client.responses.create({
      model,
      input: question,
      tools: [{ type: "function", name, description, parameters: weatherParameters, strict: false }],
    });
    const call = output.find(({ type }) => type === "function_call");
    return toCall(member(call, "name"), member(call, "arguments"));
  },
  async "the Anthropic API"(platform, { key, model, question }) {
    const client = new Anthropic({ baseURL: platform.url, apiKey: key, maxRetries: 0 });
    const { content } = await client.messages.create({
      model,
      max_tokens: 40,
      messages: [{ role: "user", content: question }],
      tools: [{ name, description, input_schema: weatherParameters }],
    });
    const call = content.find(({ type }) => type === "tool_use");
    return { name: member(call, "name"), input: member(call, "input") };
  },
  async "the Ollama API"(platform, { key, model, question }) {
    const client = new Ollama({ host: platform.url, headers: { authorization: `Bearer ${key}` } });
    const messages = [{ role: "user", content: question }];
    const { message } = await client.chat({ model, messages, tools });
    const [call] = message.tool_calls ?? [];
    return { name: call?.function.name, input: call?.function.arguments };
  },
  async GraphQL(platform, { key, model, question }) {
    const { data, text } = await askGraph(platform, {
      query: "mutation ($input: ChatInput!) { chat(input: $input) { toolCalls } }",
      variables: { input: { model, messages: [{ role: "USER", content: question }], tools } },
      key,
    });
    return firstOf(member(member(data, "chat"), "toolCalls"), text);
  },
  async gRPC(platform, { key, model, question }) {
    const client = await openGrpc(platform);
    const messages = [{ role: "user", content: question }];
    const asked = { model, messages, tools: [{ function: tools[0]?.function }] };
    const { reply, message } = await client.ask(grpc.chat, asked, { key, timeoutMs: 200_000 });
    client.close();
    return firstOf(reply?.choices?.[0]?.message?.tool_calls, message);
  },
  async "a WebSocket"(platform, { key, model, question }) {
    const socket = await connectSocket(platform, "/ws/chat", { headers: { authorization: `Bearer ${key}` } });
    const messages = [{ role: "user", content: question }];
    socket.send({ type: "chat.start", id: "1", data: { request: { model, messages, tools } } });
    while (!socket.of("1").some(({ type }) => /^chat\.(done|error)$/.test(type)))
      await new Promise((resolve) => socket.webSocket.once("message", resolve));
    const parts = socket.of("1").flatMap(({ data }) => member(data["delta"], "tool_calls") ?? []);
    await socket.close();
    const first = parts.filter((part) => member(part, "index") === 0).map((part) => member(part, "function"));
    const called = first.map((part) => member(part, "name")).find((each) => typeof each === "string");
    return toCall(called, first.map((part) => member(part, "arguments") ?? "").join(""));
  },
};

/** @param text what is told when there is no call */
function firstOf(calls: unknown, text: string): CalledTool {
  const called = member(member(calls, "0"), "function");
  if (called === undefined) throw new Error(`no tool was called: ${text}`);
  return toCall(member(called, "name"), member(called, "arguments"));
}

function toCall(called: unknown, argumentsText: unknown): CalledTool {
  return { name: called, input: JSON.parse(String(argumentsText)) };
}
