import { longestOpenEnd } from "./stop-matcher.ts";

/** What a piece of a reply turned out to be. */
export type ReplyPart =
  | { readonly type: "content"; readonly text: string }
  | { readonly type: "call"; readonly name: string; readonly argumentsText: string };

const hermesOpen = "<tool_call>";
const hermesClose = "</tool_call>";
const mistralOpen = "[TOOL_CALLS]";
const pythonTag = "<|python_tag|>";
const opens = [hermesOpen, mistralOpen, pythonTag];

type Mode = "start" | "content" | "hermes" | "json";

/**
 * Finds tool calls in a reply that comes in pieces: `<tool_call>{…}</tool_call>` (Hermes, Qwen),
 * `[TOOL_CALLS] [{…}]` (Mistral), and a reply that is a bare `{"name": …, "parameters": …}` (Llama 3).
 *
 * A call is told once it is complete and names a known tool; anything else is told as content,
 * without the white space before it.
 */
export class ToolCallParser {
  readonly #names: ReadonlySet<string>;
  #mode: Mode = "start";
  #held = "";
  #isFresh = true;

  constructor(toolNames: readonly string[]) {
    this.#names = new Set(toolNames);
  }

  /** Whether all that came since `<tool_call>` is white space: here a grammar can take over. */
  get isAtCallStart(): boolean {
    return this.#mode === "hermes" && this.#held.slice(hermesOpen.length).trim() === "";
  }

  /** Whether the parser is inside `<tool_call>`. */
  get isInCall(): boolean {
    return this.#mode === "hermes";
  }

  push(text: string): readonly ReplyPart[] {
    this.#held += text;
    const parts: ReplyPart[] = [];
    while (this.#step(parts));
    return parts;
  }

  /** The reply is complete. */
  end(): readonly ReplyPart[] {
    const text = this.#held;
    const mode = this.#mode;
    this.#held = "";
    this.#mode = "content";
    if (text === "" || (this.#isFresh && text.trim() === "")) return [];
    if (mode === "hermes") return this.#calls(text.slice(hermesOpen.length)) ?? content(text);
    if (mode === "json") return this.#calls(withoutTag(text)) ?? content(text);
    return content(text);
  }

  /** Takes one step; false when it needs more text. */
  #step(parts: ReplyPart[]): boolean {
    switch (this.#mode) {
      case "start":
        return this.#stepStart();
      case "content":
        return this.#stepContent(parts);
      case "hermes":
        return this.#stepHermes(parts);
      case "json":
        return false;
      default:
        return this.#mode satisfies never;
    }
  }

  #stepStart(): boolean {
    const text = this.#held.trimStart();
    if (text === "") return false;
    this.#mode = text.startsWith("{") ? "json" : "content";
    return true;
  }

  #stepContent(parts: ReplyPart[]): boolean {
    const found = opens
      .map((open) => ({ open, at: this.#held.indexOf(open) }))
      .filter(({ at }) => at >= 0)
      .toSorted((a, b) => a.at - b.at)[0];
    const end = found?.at ?? this.#held.length - longestOpenEnd(this.#held, opens);
    const before = this.#held.slice(0, end);
    // White space that only surrounds calls is no content.
    const text = this.#isFresh ? before.trimStart() : before;
    if (text !== "") {
      parts.push({ type: "content", text });
      this.#isFresh = false;
    }
    this.#held = this.#held.slice(end);
    if (found === undefined) return false;
    this.#mode = found.open === hermesOpen ? "hermes" : "json";
    return true;
  }

  #stepHermes(parts: ReplyPart[]): boolean {
    const at = this.#held.indexOf(hermesClose);
    if (at < 0) return false;
    const whole = this.#held.slice(0, at + hermesClose.length);
    const calls = this.#calls(this.#held.slice(hermesOpen.length, at));
    if (calls === undefined) this.#isFresh = false;
    parts.push(...(calls ?? content(whole)));
    this.#held = this.#held.slice(whole.length);
    this.#mode = "content";
    return true;
  }

  /** The calls that a JSON text says, or undefined when it says none. */
  #calls(text: string): readonly ReplyPart[] | undefined {
    const parsed = parseJson(text.trim());
    const items: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
    const parts: ReplyPart[] = [];
    for (const item of items) {
      const call = this.#call(item);
      if (call === undefined) return undefined;
      parts.push(call);
    }
    if (parts.length === 0) return undefined;
    this.#isFresh = true;
    return parts;
  }

  #call(item: unknown): ReplyPart | undefined {
    if (typeof item !== "object" || item === null || !("name" in item)) return undefined;
    const { name } = item;
    if (typeof name !== "string" || !this.#names.has(name)) return undefined;
    const values = "arguments" in item ? item.arguments : "parameters" in item ? item.parameters : {};
    return {
      type: "call",
      name,
      argumentsText: typeof values === "string" ? values : JSON.stringify(values),
    };
  }
}

function content(text: string): readonly ReplyPart[] {
  return [{ type: "content", text }];
}

function withoutTag(text: string): string {
  const trimmed = text.trimStart();
  const open = opens.find((tag) => trimmed.startsWith(tag));
  return open === undefined ? trimmed : trimmed.slice(open.length);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A model may write anything; what is not JSON is no call, and goes out as text.
    return undefined;
  }
}
