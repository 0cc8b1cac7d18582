import type { JsonObject } from "@llm-platform/kit";
import { z } from "zod";
import { type BusTopic, busTopics } from "./bus.ts";

/** A message as it travels. A replica of another version that does not know the version or the topic lets it go. */
export interface BusMessage {
  readonly from: string;
  readonly topic: BusTopic;
  readonly data: JsonObject;
}

const messageVersion = 1;
const mostCharacters = 65_536;

const schema = z.object({
  version: z.literal(messageVersion),
  from: z.string().min(1).max(64),
  topic: z.enum(busTopics),
  data: z.record(z.string(), z.json()),
});

/** Undefined for one that is too long. */
export function encodeBusMessage({ from, topic, data }: BusMessage): string | undefined {
  const text = JSON.stringify({ version: messageVersion, from, topic, data });
  return text.length > mostCharacters ? undefined : text;
}

/** Undefined for what is no message, or none of this version. */
export function decodeBusMessage(text: string): BusMessage | undefined {
  if (text.length > mostCharacters) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    // Not JSON: whoever else writes into the channel is not understood.
    return undefined;
  }
}
