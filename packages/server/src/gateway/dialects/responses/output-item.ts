import { isJsonArray, isJsonObject, type Json, type JsonObject, type ToolCallDelta } from "@llm-platform/kit";
import type { ToolName } from "./tool-names.ts";

/** An event of a stream, before it has its number. */
export interface ResponseEvent {
  readonly type: string;
  readonly data: JsonObject;
}

/** Where an item stands: its id and its place in the output. */
export interface ItemPlace {
  readonly id: string;
  readonly index: number;
}

/** One item of the output while it grows. What it returns tells a client what is new. */
export interface OutputItem {
  begin(): readonly ResponseEvent[];
  /** Ends it. Nothing is added any more. */
  close(isComplete: boolean): readonly ResponseEvent[];
  /** As it stands. */
  format(): JsonObject;
}

type ItemStatus = "in_progress" | "completed" | "incomplete";

function toStatus(isComplete: boolean): ItemStatus {
  return isComplete ? "completed" : "incomplete";
}

/** The kinds of text that a part can hold, with the words that events use for them. */
const partKinds = {
  output_text: { event: "response.output_text", field: "text" },
  refusal: { event: "response.refusal", field: "refusal" },
  reasoning_text: { event: "response.reasoning_text", field: "text" },
} as const;

export type PartKind = keyof typeof partKinds;

/** A message of the assistant, or its reasoning: an item whose content are parts of text. */
export class TextItem implements OutputItem {
  readonly #place: ItemPlace;
  readonly #type: "message" | "reasoning";
  readonly #parts: { readonly kind: PartKind; text: string; logprobs: readonly Json[] }[] = [];
  #status: ItemStatus = "in_progress";

  constructor(place: ItemPlace, type: "message" | "reasoning") {
    this.#place = place;
    this.#type = type;
  }

  begin(): readonly ResponseEvent[] {
    return [added(this.#place, this.format())];
  }

  add(kind: PartKind, delta: string, logprobs: Json | undefined): readonly ResponseEvent[] {
    const events: ResponseEvent[] = [];
    let part = this.#parts.at(-1);
    if (part?.kind !== kind) {
      events.push(...this.#closePart());
      part = { kind, text: "", logprobs: [] };
      this.#parts.push(part);
      events.push(this.#event("response.content_part.added", { part: formatPart(part) }));
    }
    const tokens = tokensOf(logprobs);
    part.text += delta;
    part.logprobs = [...part.logprobs, ...tokens];
    const more = kind === "output_text" ? { logprobs: tokens } : {};
    if (delta !== "") events.push(this.#event(`${partKinds[kind].event}.delta`, { delta, ...more }));
    return events;
  }

  close(isComplete: boolean): readonly ResponseEvent[] {
    this.#status = toStatus(isComplete);
    return [...this.#closePart(), done(this.#place, this.format())];
  }

  format(): JsonObject {
    const { id } = this.#place;
    const content = this.#parts.map(formatPart);
    return this.#type === "reasoning"
      ? { id, type: "reasoning", summary: [], content, status: this.#status }
      : { id, type: "message", role: "assistant", status: this.#status, content };
  }

  #closePart(): readonly ResponseEvent[] {
    const part = this.#parts.at(-1);
    if (part === undefined) return [];
    const { event, field } = partKinds[part.kind];
    const more = part.kind === "output_text" ? { logprobs: part.logprobs } : {};
    return [
      this.#event(`${event}.done`, { [field]: part.text, ...more }),
      this.#event("response.content_part.done", { part: formatPart(part) }),
    ];
  }

  #event(type: string, data: JsonObject): ResponseEvent {
    const { id, index } = this.#place;
    const content = { item_id: id, output_index: index, content_index: this.#parts.length - 1 };
    return { type, data: { ...content, ...data } };
  }
}

type NameReader = (chatName: string) => ToolName;

/** A call of a function that the caller is to make. */
export class CallItem implements OutputItem {
  readonly #place: ItemPlace;
  readonly #callId: string;
  readonly #readName: NameReader;
  /** As the chat has it. */
  #name: string;
  #arguments = "";
  #status: ItemStatus = "in_progress";

  constructor(
    place: ItemPlace,
    { id, name }: { readonly id: string; readonly name: string },
    readName: NameReader,
  ) {
    this.#place = place;
    this.#callId = id;
    this.#readName = readName;
    this.#name = name;
  }

  begin(): readonly ResponseEvent[] {
    return [added(this.#place, this.format())];
  }

  add({ name, argumentsText = "" }: ToolCallDelta): readonly ResponseEvent[] {
    if (name !== undefined) this.#name = name;
    if (argumentsText === "") return [];
    this.#arguments += argumentsText;
    return [this.#event("response.function_call_arguments.delta", { delta: argumentsText })];
  }

  close(isComplete: boolean): readonly ResponseEvent[] {
    this.#status = toStatus(isComplete);
    const { name } = this.#readName(this.#name);
    const whole = { name, arguments: this.#arguments };
    return [this.#event("response.function_call_arguments.done", whole), done(this.#place, this.format())];
  }

  format(): JsonObject {
    const { name, namespace } = this.#readName(this.#name);
    return {
      id: this.#place.id,
      type: "function_call",
      status: this.#status,
      arguments: this.#arguments,
      call_id: this.#callId,
      name,
      ...(namespace === undefined ? {} : { namespace }),
    };
  }

  #event(type: string, data: JsonObject): ResponseEvent {
    return { type, data: { item_id: this.#place.id, output_index: this.#place.index, ...data } };
  }
}

function added({ index }: ItemPlace, item: JsonObject): ResponseEvent {
  return { type: "response.output_item.added", data: { output_index: index, item } };
}

function done({ index }: ItemPlace, item: JsonObject): ResponseEvent {
  return { type: "response.output_item.done", data: { output_index: index, item } };
}

function formatPart({
  kind,
  text,
  logprobs,
}: {
  readonly kind: PartKind;
  readonly text: string;
  readonly logprobs: readonly Json[];
}): JsonObject {
  switch (kind) {
    case "output_text":
      return { type: kind, text, annotations: [], logprobs };
    case "refusal":
      return { type: kind, refusal: text };
    case "reasoning_text":
      return { type: kind, text };
  }
}

/** The tokens of OpenAI's log probabilities, `{ content: […] }`. */
function tokensOf(logprobs: Json | undefined): readonly Json[] {
  return isJsonObject(logprobs) && isJsonArray(logprobs.content) ? logprobs.content : [];
}
