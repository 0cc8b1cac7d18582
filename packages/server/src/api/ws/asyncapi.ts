import { stringify } from "yaml";
import { z } from "zod";
import type { Feed } from "../../control/feed.ts";
import { type ChannelName, channelNames, channels, type Channel } from "./channels.ts";
import { clientFrames, protocolVersion } from "./client-frames.ts";
import { serverFrames } from "./server-frames.ts";

type Schema = Readonly<Record<string, unknown>>;

interface MessageFacts {
  readonly summary: string;
  readonly payload: Schema;
}

/** Only on the channel of this name. */
const modelFrames = /^(?:chat|model)\./;

export interface AsyncApiInput {
  readonly feeds: readonly Feed[];
  /** Of the platform. */
  readonly version: string;
}

/** The WebSocket channels as an AsyncAPI 3 document, in YAML. */
export function formatAsyncApi(input: AsyncApiInput): string {
  return stringify(createAsyncApi(input));
}

function createAsyncApi({ feeds, version }: AsyncApiInput): object {
  const sent = new Map(Object.entries(clientFrames).map(([type, schema]) => [type, clientMessage(schema)]));
  const told = new Map([
    ...Object.entries(serverFrames).map(([type, data]) => [type, serverMessage(type, data)] as const),
    ...feeds.map((feed) => [itemName(feed), feedMessage(feed)] as const),
  ]);
  const names = (channel: ChannelName, messages: ReadonlyMap<string, MessageFacts>) =>
    [...messages.keys()].filter((type) => channel === "chat" || !modelFrames.test(type));
  const operations = channelNames.flatMap((channel) => [
    [`${channel}.receive`, toOperation(channel, "receive", names(channel, sent))] as const,
    [`${channel}.send`, toOperation(channel, "send", names(channel, told))] as const,
  ]);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "llm-platform over WebSocket",
      version,
      description:
        "One JSON object per text frame. Who connects proves who it is by `Authorization`, by the subprotocols `llmp.v1, bearer.TOKEN`, or by `?ticket=` of `POST /api/v1/auth/tickets`. What a frame of the server is about is in `id`; `seq` rises by one with each frame of a session.",
    },
    defaultContentType: "application/json",
    servers: { local: { host: "localhost:8000", protocol: "ws" } },
    channels: Object.fromEntries(
      channelNames.map((name) => [
        name,
        toChannel(channels[name], [...names(name, sent), ...names(name, told)]),
      ]),
    ),
    operations: Object.fromEntries(operations),
    components: { messages: toMessages([...sent, ...told]) },
  };
}

function toChannel({ path, summary, permission }: Channel, messages: readonly string[]): object {
  return {
    address: path,
    summary,
    description: `Needs the permission \`${permission}\`.`,
    messages: Object.fromEntries(
      messages.map((type) => [toKey(type), { $ref: `#/components/messages/${toKey(type)}` }]),
    ),
  };
}

/** As AsyncAPI says it: what the server does. */
function toOperation(channel: ChannelName, action: "receive" | "send", messages: readonly string[]): object {
  return {
    action,
    channel: { $ref: `#/channels/${channel}` },
    messages: messages.map((type) => ({ $ref: `#/channels/${channel}/messages/${toKey(type)}` })),
  };
}

function toMessages(messages: readonly (readonly [string, MessageFacts])[]): object {
  return Object.fromEntries(messages.map(([type, facts]) => [toKey(type), { name: type, ...facts }]));
}

/** Keys of AsyncAPI may have a dot, but references to them are read by tools that take it for a path. */
function toKey(type: string): string {
  return type.replaceAll(".", "_");
}

function clientMessage(schema: z.ZodType): MessageFacts {
  const { description = "", ...payload } = toSchema(schema, "input");
  return { summary: String(description), payload };
}

function serverMessage(type: string, data: z.ZodType): MessageFacts {
  const { description = "", ...body } = toSchema(data, "output");
  return { summary: String(description), payload: envelope({ const: type }, body) };
}

function feedMessage({ summary, item }: Feed): MessageFacts {
  return { summary, payload: envelope({ type: "string" }, toSchema(item, "output")) };
}

function itemName({ name }: Feed): string {
  return `feeds.${name}`;
}

function envelope(type: Schema, data: Schema): Schema {
  return {
    type: "object",
    required: ["v", "type", "seq", "ts", "data"],
    properties: {
      v: { const: protocolVersion },
      type,
      id: { type: "string", description: "The client's own name for what the frame is about." },
      seq: { type: "integer", description: "Rises by one with each frame of the session." },
      ts: { type: "integer", description: "Milliseconds since the epoch." },
      item_id: { type: "string", description: "Of an event: `after_id` goes on after it." },
      data,
    },
  };
}

function toSchema(schema: z.ZodType, io: "input" | "output"): Schema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
