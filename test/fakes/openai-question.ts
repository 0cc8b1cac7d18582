import { type Question, tokensOf } from "./answer.ts";
import { type JsonObject, listOf, numberOf, objectOf, textOf } from "./json-read.ts";

/** Tokens that the fake counts for the frame of a message, and for an image. */
const tokensPerMessage = 4;
const tokensPerImage = 85;

function textOfContent(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content)
    .map((part) => textOf(objectOf(part).text))
    .filter((text) => text !== "")
    .join(" ");
}

function countMessage(message: JsonObject): number {
  const images = listOf(message.content).filter((part) => objectOf(part).type === "image_url").length;
  return tokensPerMessage + tokensOf(textOfContent(message.content)).length + images * tokensPerImage;
}

function forcedToolOf(choice: unknown): string | undefined {
  if (choice === "required") return "any";
  const name = textOf(objectOf(objectOf(choice).function).name);
  return name === "" ? undefined : name;
}

function schemaOf(format: unknown): unknown {
  const { type, json_schema: named } = objectOf(format);
  if (type === "json_object") return {};
  return type === "json_schema" ? (objectOf(named).schema ?? {}) : undefined;
}

/** One text or a list of them, as `stop` may be. */
export function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return listOf(value).filter((item) => typeof item === "string");
}

/** Reads a chat completion request. */
export function readChatQuestion(body: JsonObject, choice: number): Question {
  const messages = listOf(body.messages).map(objectOf);
  const last = messages.at(-1) ?? {};
  const lastUser = messages.findLast((message) => message.role === "user") ?? last;
  const isToolResult = last.role === "tool" || last.role === "function";
  const tools =
    body.tool_choice === "none" ? [] : listOf(body.tools).map((tool) => objectOf(objectOf(tool).function));
  return {
    lastText: textOfContent(lastUser.content),
    toolResult: isToolResult ? textOfContent(last.content) : undefined,
    promptTokens: messages.reduce((sum, message) => sum + countMessage(message), 0),
    tools: tools.map((tool) => ({ name: textOf(tool.name), parameters: tool.parameters })),
    forcedTool: forcedToolOf(body.tool_choice),
    schema: schemaOf(body.response_format),
    stop: textsOf(body.stop),
    maxTokens: numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens),
    wantsThinking: body.reasoning_effort !== undefined && body.reasoning_effort !== "none",
    choice,
  };
}

/** Reads a text completion request; `prompt` is one of the prompts in it. */
export function readCompletionQuestion(body: JsonObject, prompt: string, choice: number): Question {
  return {
    lastText: prompt,
    toolResult: undefined,
    promptTokens: tokensOf(prompt).length,
    tools: [],
    forcedTool: undefined,
    schema: undefined,
    stop: textsOf(body.stop),
    maxTokens: numberOf(body.max_tokens),
    wantsThinking: false,
    choice,
  };
}
