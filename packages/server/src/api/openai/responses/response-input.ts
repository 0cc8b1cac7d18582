import { isJsonArray, isJsonObject, type Json, type JsonObject, PlatformError } from "@llm-platform/kit";
import type { StoredResponse } from "../../../core/stored-response.ts";
import { referenceOf, toItems } from "../../../gateway/dialects/responses/input-items.ts";
import type { ResponsesRequest } from "../../../gateway/dialects/responses/request-schema.ts";
import { hexOf, responseOfItem } from "../../../gateway/dialects/responses/response-encoder.ts";
import type { ResponseTable } from "../../../store/responses/response-table.ts";

/** What a call says, with what it goes on from. */
export interface ResolvedInput {
  /** What was asked and answered before, the oldest first. */
  readonly before: readonly JsonObject[];
  /** What is asked now; every item has an id. */
  readonly input: readonly JsonObject[];
}

export interface InputSource {
  readonly table: Pick<ResponseTable, "isKeeping" | "find" | "conversation">;
  readonly owner: string;
  /** Of the response that is to be made. */
  readonly responseId: string;
  /** What the conversation may have at most, as a body may. */
  readonly mostBytes: number;
}

/**
 * Reads the conversation that a call goes on from, and the items that it names.
 * @throws PlatformError `not_found` for what is not there, `unsupported_parameter` where nothing is kept,
 * `payload_too_large`, and what reading rejects with
 */
export async function resolveInput(
  { input, previous_response_id: previousId }: ResponsesRequest,
  source: InputSource,
): Promise<ResolvedInput> {
  const before = previousId === undefined ? [] : await readBefore(previousId, source);
  const items = await readReferences(toItems(input), before, source);
  const prefix = hexOf(source.responseId);
  return { before, input: items.map((item, index) => withId(item, `${prefix}_i${index}`)) };
}

async function readBefore(
  previousId: string,
  { table, owner, mostBytes }: InputSource,
): Promise<readonly JsonObject[]> {
  if (!table.isKeeping) {
    throw new PlatformError(
      "unsupported_parameter",
      "No response is kept here (responses.retention_days is 0). Send the whole conversation in `input`.",
      { field: "previous_response_id" },
    );
  }
  const turns = await table.conversation(owner, previousId);
  if (turns.length === 0 || turns[0]?.previousId !== null) {
    throw new PlatformError(
      "not_found",
      "The previous response, or one that it goes on from, is not kept any more. Send the whole conversation in `input`.",
      { field: "previous_response_id" },
    );
  }
  const items = turns.flatMap(itemsOf);
  if (Buffer.byteLength(JSON.stringify(items)) <= mostBytes) return items;
  throw new PlatformError(
    "payload_too_large",
    `The conversation is larger than ${mostBytes} bytes, the most that is accepted here. Begin a new one.`,
    { field: "previous_response_id" },
  );
}

/** What a response was asked and what it answered. */
export function itemsOf({ input, response }: StoredResponse): readonly JsonObject[] {
  return [...input, ...outputOf(response)];
}

function outputOf({ output }: JsonObject): readonly JsonObject[] {
  return isJsonArray(output) ? output.filter(isJsonObject) : [];
}

/** Puts what was said before in the place of items that only name it. */
async function readReferences(
  items: readonly JsonObject[],
  before: readonly JsonObject[],
  { table, owner }: InputSource,
): Promise<readonly JsonObject[]> {
  const known = new Map(before.map((item) => [item.id, item]));
  const asked = new Set<string>();
  const resolved: JsonObject[] = [];
  for (const [index, item] of items.entries()) {
    const id = referenceOf(item);
    const responseId = id === undefined ? undefined : responseOfItem(id);
    if (id !== undefined && responseId !== undefined && !known.has(id) && !asked.has(responseId)) {
      asked.add(responseId);
      const stored = await table.find(owner, responseId);
      for (const each of stored === undefined ? [] : itemsOf(stored)) known.set(each.id, each);
    }
    const said = id === undefined ? item : known.get(id);
    if (said === undefined) throw unknownItem(index);
    resolved.push(said);
  }
  return resolved;
}

function unknownItem(index: number): PlatformError {
  return new PlatformError(
    "not_found",
    "The item that is referred to is not kept any more. Send the item itself.",
    { field: `input[${index}].id` },
  );
}

const idPrefixes: Readonly<Record<string, string>> = {
  function_call: "fc",
  function_call_output: "fco",
  reasoning: "rs",
};

function withId(item: JsonObject, suffix: string): JsonObject {
  if (typeof item.id === "string") return item;
  const type = typeof item.type === "string" ? item.type : "message";
  return { ...item, id: `${idPrefixes[type] ?? "msg"}_${suffix}` };
}

/** An item as it is listed: a message's text as a part. */
export function toListedItem(item: JsonObject): JsonObject {
  const type = typeof item.type === "string" ? item.type : "message";
  if (type !== "message") return { status: "completed", ...item };
  return { status: "completed", ...item, type, content: toParts(item) };
}

function toParts({ role, content }: JsonObject): Json {
  if (typeof content !== "string") return content ?? [];
  return role === "assistant"
    ? [{ type: "output_text", text: content, annotations: [], logprobs: [] }]
    : [{ type: "input_text", text: content }];
}
