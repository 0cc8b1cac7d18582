import { type Json, type JsonObject, PlatformError } from "@llm-platform/kit";
import { toJinja } from "./go-template.ts";

/** One instruction of a Modelfile. */
export interface Instruction {
  /** In capitals. */
  readonly name: string;
  readonly value: string;
  /** Where it begins, from 1. */
  readonly line: number;
}

/** A model to be made of another. */
export interface ModelOrder {
  readonly from: string | undefined;
  readonly settings: JsonObject;
}

const instructionNames = ["FROM", "PARAMETER", "TEMPLATE", "SYSTEM", "ADAPTER", "LICENSE", "MESSAGE"];
const tripleQuote = '"""';

/** Ollama's names of what is called otherwise here; those that are the same are in `sameNames`. */
const otherNames: Readonly<Record<string, string>> = {
  num_ctx: "context_tokens",
  num_gpu: "gpu_layers",
  num_thread: "threads",
  num_batch: "batch_tokens",
  rope_frequency_base: "rope_frequency_base",
  rope_frequency_scale: "rope_frequency_scale",
  num_predict: "max_tokens",
};
const sameNames: ReadonlySet<string> = new Set([
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "repeat_penalty",
  "frequency_penalty",
  "presence_penalty",
  "seed",
]);
/** A count of these below zero is Ollama's word for its own default. */
const defaultBelowZero: ReadonlySet<string> = new Set(["num_predict", "num_gpu"]);

/** Reads a Modelfile. Throws PlatformError `invalid_request` with the line. */
export function parseModelfile(text: string): readonly Instruction[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const instructions: Instruction[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = (lines[index] ?? "").trim();
    if (line === "" || line.startsWith("#")) continue;
    const [word = ""] = line.split(/\s/, 1);
    const name = word.toUpperCase();
    const start = index + 1;
    if (!instructionNames.includes(name))
      throw broken(
        start,
        `'${word.slice(0, 40)}' is no instruction; there are ${instructionNames.join(", ")}`,
      );
    let value = line.slice(word.length).trim();
    const opening = value.indexOf(tripleQuote);
    if (opening >= 0 && value.indexOf(tripleQuote, opening + 3) < 0) {
      while (index + 1 < lines.length && !(lines[index + 1] ?? "").includes(tripleQuote)) {
        index += 1;
        value += `\n${lines[index]}`;
      }
      index += 1;
      if (index >= lines.length) throw broken(start, 'its """ is not closed');
      value += `\n${lines[index]}`;
    }
    if (value === "") throw broken(start, `${name} says nothing`);
    instructions.push({ name, value, line: start });
  }
  return instructions;
}

/** What the instructions ask for, in this platform's words. Throws PlatformError `unsupported_parameter` for what cannot be done. */
export function toModelOrder(instructions: readonly Instruction[]): ModelOrder {
  let from: string | undefined;
  const parameters: (readonly [string, string])[] = [];
  const adapters: string[] = [];
  const licenses: string[] = [];
  const messages: Json[] = [];
  const settings: Record<string, Json> = {};
  for (const { name, value, line } of instructions) {
    switch (name) {
      case "FROM":
        from = unquote(value);
        break;
      case "PARAMETER":
        parameters.push(splitFirst(value, line));
        break;
      case "TEMPLATE":
        settings["chat_template"] = toJinja(unquote(value));
        break;
      case "SYSTEM":
        settings["system_prompt"] = unquote(value);
        break;
      case "ADAPTER":
        adapters.push(unquote(value));
        break;
      case "LICENSE":
        licenses.push(unquote(value));
        break;
      default: {
        const [role, content] = splitFirst(value, line);
        messages.push({ role, content });
      }
    }
  }
  return {
    from,
    settings: {
      ...toParameterSettings(parameters),
      ...settings,
      ...(adapters.length === 0 ? {} : { adapters: adapters.map((path) => ({ path })) }),
      ...(licenses.length === 0 ? {} : { license: licenses.join("\n\n") }),
      ...(messages.length === 0 ? {} : { messages }),
    },
  };
}

/** Ollama's parameters as settings. Throws PlatformError `unsupported_parameter` for one that has no like here. */
export function toParameterSettings(
  parameters: readonly (readonly [name: string, value: Json])[],
): JsonObject {
  const settings: Record<string, Json> = {};
  const stops: Json[] = [];
  for (const [name, value] of parameters) {
    if (name === "stop") {
      stops.push(...(Array.isArray(value) ? value : [value]));
      continue;
    }
    const own = Object.hasOwn(otherNames, name) ? otherNames[name] : sameNames.has(name) ? name : undefined;
    if (own === undefined)
      throw new PlatformError(
        "unsupported_parameter",
        `A model here has no parameter '${name}'. Leave it out.`,
        {
          field: `parameters.${name}`,
        },
      );
    const number = typeof value === "string" ? Number(value) : value;
    if (typeof number === "number" && number < 0 && defaultBelowZero.has(name)) continue;
    settings[own] = typeof number === "number" && Number.isFinite(number) ? number : value;
  }
  return stops.length === 0 ? settings : { ...settings, stop: stops };
}

function splitFirst(value: string, line: number): readonly [string, string] {
  const match = /^(\S+)\s+([\s\S]+)$/.exec(value);
  if (match === null) throw broken(line, "a name and a value are wanted");
  const [, first = "", rest = ""] = match;
  return [first, unquote(rest)];
}

function unquote(value: string): string {
  const text = value.trim();
  for (const quote of [tripleQuote, '"'])
    if (text.length >= 2 * quote.length && text.startsWith(quote) && text.endsWith(quote))
      return text.slice(quote.length, -quote.length);
  return text;
}

function broken(line: number, what: string): PlatformError {
  return new PlatformError("invalid_request", `Line ${line} of the Modelfile cannot be read: ${what}.`, {
    field: "modelfile",
  });
}
