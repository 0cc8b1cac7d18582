import type { Delta, JsonObject, ModelEvent, ToolCallDelta } from "@llm-platform/kit";
import type { KnownSecrets } from "../../core/known-secrets.ts";
import { cutSlack, hideCut } from "./fit-content.ts";
import { parseArguments } from "./parse-arguments.ts";
import type { RecordedMessage } from "./recorded-message.ts";

type TextKind = "reasoning" | "text" | "refusal";

/** A piece of a reply while it comes. */
interface OpenPart {
  readonly kind: TextKind | "tool_call";
  text: string;
  id?: string | undefined;
  name?: string | undefined;
  /** Its text stops where no more was taken. */
  isCut: boolean;
}

interface OpenChoice {
  readonly parts: OpenPart[];
  /** By their index in the reply. */
  readonly toolCalls: Map<number, OpenPart>;
  finishReason: string | undefined;
}

/** More than these are not told apart. */
const mostChoices = 128;
const mostParts = 256;

/** Collects what a model answers, event by event, up to a bound. */
export class OutputCollector {
  /** In characters. */
  #left: number;
  readonly #choices = new Map<number, OpenChoice>();
  #isFull = false;
  #parts = 0;

  /** @param maxBytes most that will be shown of it */
  constructor(maxBytes: number) {
    this.#left = maxBytes + cutSlack;
  }

  /** Whether more would not be taken. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Takes no more. */
  leaveOff(): void {
    this.#isFull = true;
  }

  note(event: ModelEvent): void {
    if (this.#isFull) return;
    if (event.type === "delta") this.#add(event);
    else if (event.type === "finish") {
      const choice = this.#choice(event.choice);
      if (choice !== undefined) choice.finishReason = toFinishReason(event.reason);
    }
  }

  /** What was collected, a message for each choice. */
  messages(secrets: KnownSecrets): readonly RecordedMessage[] {
    return [...this.#choices]
      .sort(([a], [b]) => a - b)
      .map(([, { parts, finishReason }]) => ({
        role: "assistant",
        parts: parts.map((part) => toPart(part, secrets)),
        finish_reason: finishReason,
      }));
  }

  #add({ choice: index, content, reasoning, refusal, toolCalls }: Delta): void {
    const choice = this.#choice(index);
    if (choice === undefined) return;
    if (reasoning !== undefined) this.#addText(choice, "reasoning", reasoning);
    if (content !== undefined) this.#addText(choice, "text", content);
    if (refusal !== undefined) this.#addText(choice, "refusal", refusal);
    for (const call of toolCalls ?? []) this.#addToolCall(choice, call);
  }

  #choice(index: number): OpenChoice | undefined {
    const known = this.#choices.get(index);
    if (known !== undefined) return known;
    if (this.#choices.size >= mostChoices) {
      this.#isFull = true;
      return undefined;
    }
    const choice: OpenChoice = { parts: [], toolCalls: new Map(), finishReason: undefined };
    this.#choices.set(index, choice);
    return choice;
  }

  #addText({ parts }: OpenChoice, kind: TextKind, text: string): void {
    const last = parts.at(-1);
    const part = last?.kind === kind ? last : this.#open(parts, kind);
    if (part !== undefined) this.#append(part, text);
  }

  #addToolCall({ parts, toolCalls }: OpenChoice, { index, id, name, argumentsText }: ToolCallDelta): void {
    const part = toolCalls.get(index) ?? this.#open(parts, "tool_call");
    if (part === undefined) return;
    toolCalls.set(index, part);
    part.id ??= id;
    part.name ??= name;
    this.#append(part, argumentsText ?? "");
  }

  #open(parts: OpenPart[], kind: OpenPart["kind"]): OpenPart | undefined {
    if (this.#parts >= mostParts) {
      this.#isFull = true;
      return undefined;
    }
    this.#parts++;
    const part: OpenPart = { kind, text: "", isCut: false };
    parts.push(part);
    return part;
  }

  #append(part: OpenPart, text: string): void {
    if (text.length > this.#left) {
      part.isCut = true;
      this.#isFull = true;
    }
    part.text += text.slice(0, this.#left);
    this.#left -= Math.min(text.length, this.#left);
  }
}

function toPart({ kind, text: collected, id, name, isCut }: OpenPart, secrets: KnownSecrets): JsonObject {
  const text = isCut ? hideCut(collected, secrets) : collected;
  if (kind !== "tool_call") return { type: kind, content: text };
  const named = { type: kind, ...(id === undefined ? {} : { id }), name: name ?? "" };
  return { ...named, arguments: isCut ? text : parseArguments(text) };
}

/** In the words of the conventions. */
function toFinishReason(reason: string): string {
  return reason === "tool_calls" ? "tool_call" : reason;
}
