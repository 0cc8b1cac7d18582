import type { Delta, FinishReason, JsonObject, ModelEvent, PlatformError, Usage } from "@llm-platform/kit";
import { CallItem, type OutputItem, type PartKind, type ResponseEvent, TextItem } from "./output-item.ts";
import { toToolName } from "./request-schema.ts";
import { createNameReader, type ToolName } from "./tool-names.ts";
import { type ResponseFacts, type ResponseState, toResponseObject } from "./response-object.ts";

/** How the end of a response came about, and what a client is told of it. */
export interface ResponseEnd {
  readonly completedSeconds: number;
  readonly isStored: boolean;
}

/**
 * Writes a chat's events as a response: event by event for a stream, and whole.
 * A response has one choice; its events are numbered from 0 without a gap.
 */
export class ResponseEncoder {
  readonly #facts: ResponseFacts;
  readonly #readName: (chatName: string) => ToolName;
  readonly #items: OutputItem[] = [];
  readonly #calls = new Map<number, CallItem>();
  /** Items that still grow, in their order. */
  readonly #open = new Set<OutputItem>();
  #text: { readonly item: TextItem; readonly type: "message" | "reasoning" } | undefined;
  #usage: Usage | undefined;
  #reason: FinishReason | undefined;
  #number = 0;

  constructor(facts: ResponseFacts) {
    this.#facts = facts;
    this.#readName = createNameReader(facts.request.tools.map(toToolName));
  }

  /**
   * What a stream begins with.
   * @param isStored whether it is to be kept
   */
  begin(isStored: boolean): string {
    const response = this.#format({ status: "in_progress", output: [], isStored });
    return this.#frames([
      { type: "response.created", data: { response } },
      { type: "response.in_progress", data: { response } },
    ]);
  }

  /** The frames of one event, or an empty text for one that has none. */
  add(event: ModelEvent): string {
    switch (event.type) {
      case "delta":
        return this.#frames(this.#addDelta(event));
      case "finish":
        this.#reason = event.reason;
        return "";
      case "usage":
        this.#usage = event.usage;
        return "";
      default:
        return "";
    }
  }

  /** Ends the items of a response that came to its end. */
  close(): string {
    return this.#frames(this.#closeItems(this.#incompleteReason === undefined));
  }

  /** The response as it ended. Items are closed by then. */
  finished({ completedSeconds, isStored }: ResponseEnd): JsonObject {
    const incompleteReason = this.#incompleteReason;
    return this.#format({
      status: incompleteReason === undefined ? "completed" : "incomplete",
      output: this.#items.map((item) => item.format()),
      usage: this.#usage ?? {},
      incompleteReason,
      completedSeconds: incompleteReason === undefined ? completedSeconds : undefined,
      isStored,
    });
  }

  /** The frame that announces the end. */
  end(response: JsonObject): string {
    return this.#frames([{ type: `response.${String(response.status)}`, data: { response } }]);
  }

  /** The last frames of a response that broke off: what there is of it, and an error, which the official clients throw. */
  fail(error: PlatformError): string {
    this.#closeItems(false);
    const output = this.#items.map((item) => item.format());
    const response = this.#format({ status: "failed", output, usage: this.#usage, error, isStored: false });
    const told = { code: error.code, message: error.message, param: error.field ?? null };
    return this.#frames([
      { type: "response.failed", data: { response } },
      { type: "error", data: told },
    ]);
  }

  get #incompleteReason(): ResponseState["incompleteReason"] {
    if (this.#reason === "length") return "max_output_tokens";
    return this.#reason === "content_filter" ? "content_filter" : undefined;
  }

  #addDelta(delta: Delta): readonly ResponseEvent[] {
    const events: ResponseEvent[] = [];
    if (delta.reasoning !== undefined)
      events.push(...this.#addText("reasoning_text", delta.reasoning, delta));
    if (delta.content !== undefined) events.push(...this.#addText("output_text", delta.content, delta));
    if (delta.refusal !== undefined) events.push(...this.#addText("refusal", delta.refusal, delta));
    for (const part of delta.toolCalls ?? []) {
      events.push(...this.#closeText());
      events.push(...this.#callOf(part, events).add(part));
    }
    return events;
  }

  #addText(kind: PartKind, text: string, { logprobs }: Delta): readonly ResponseEvent[] {
    const type = kind === "reasoning_text" ? "reasoning" : "message";
    // What says nothing opens nothing: many models begin with an empty text.
    if (text === "" && this.#text?.type !== type) return [];
    const events: ResponseEvent[] = [];
    if (this.#text?.type !== type) {
      events.push(...this.#closeText());
      const item = new TextItem(this.#nextPlace(type === "message" ? "msg" : "rs"), type);
      this.#text = { item, type };
      events.push(...this.#beginItem(item));
    }
    events.push(...(this.#text?.item.add(kind, text, kind === "output_text" ? logprobs : undefined) ?? []));
    return events;
  }

  #closeText(): readonly ResponseEvent[] {
    const text = this.#text;
    this.#text = undefined;
    if (text === undefined) return [];
    this.#open.delete(text.item);
    return text.item.close(true);
  }

  /** The item of a call; one that is new begins. */
  #callOf(part: NonNullable<Delta["toolCalls"]>[number], events: ResponseEvent[]): CallItem {
    const known = this.#calls.get(part.index);
    if (known !== undefined) return known;
    const place = this.#nextPlace("fc");
    const id = part.id ?? `call_${hexOf(this.#facts.id)}_${place.index}`;
    const item = new CallItem(place, { id, name: part.name ?? "" }, this.#readName);
    this.#calls.set(part.index, item);
    events.push(...this.#beginItem(item));
    return item;
  }

  #beginItem(item: OutputItem): readonly ResponseEvent[] {
    this.#items.push(item);
    this.#open.add(item);
    return item.begin();
  }

  #closeItems(isComplete: boolean): readonly ResponseEvent[] {
    const events = [...this.#open].flatMap((item) => item.close(isComplete));
    this.#open.clear();
    return events;
  }

  #nextPlace(prefix: string): { readonly id: string; readonly index: number } {
    const index = this.#items.length;
    return { id: `${prefix}_${hexOf(this.#facts.id)}_${index}`, index };
  }

  #format(state: ResponseState): JsonObject {
    return toResponseObject(this.#facts, state);
  }

  #frames(events: readonly ResponseEvent[]): string {
    let text = "";
    for (const { type, data } of events) {
      const numbered = { type, sequence_number: this.#number++, ...data };
      text += `event: ${type}\ndata: ${JSON.stringify(numbered)}\n\n`;
    }
    return text;
  }
}

/** The id of a new response, from that of its request. */
export function toResponseId(requestId: string): string {
  return `resp_${requestId.slice(requestId.indexOf("_") + 1).replaceAll("-", "")}`;
}

/** The response that an item's id belongs to; undefined for an id that is not the platform's. */
export function responseOfItem(itemId: string): string | undefined {
  const hex = /^[a-z]{2,4}_([0-9a-f]{32})_i?\d+$/.exec(itemId)?.[1];
  return hex === undefined ? undefined : `resp_${hex}`;
}

/** The digits that a response's id and those of its items have in common. */
export function hexOf(responseId: string): string {
  return responseId.slice(responseId.indexOf("_") + 1);
}
