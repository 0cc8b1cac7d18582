import { type Question, tokensOf } from "./answer.ts";
import { type JsonObject, listOf, numberOf, objectOf, textOf } from "./json-read.ts";
import { textsOf } from "./openai-question.ts";

/** Tokens that the fake counts for the frame of a message, and for an image. */
const tokensPerMessage = 4;
const tokensPerImage = 85;

/** The texts of a content, which is one text or a list of blocks. */
export function textOfBlocks(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content)
    .map((block) => textOf(objectOf(block).text))
    .filter((text) => text !== "")
    .join(" ");
}

function countMessage(message: JsonObject): number {
  const images = listOf(message.content).filter((block) => objectOf(block).type === "image").length;
  return tokensPerMessage + tokensOf(textOfBlocks(message.content)).length + images * tokensPerImage;
}

/** Tokens of a request's prompt, as the fake counts them. */
export function countPrompt(body: JsonObject): number {
  const system = tokensOf(textOfBlocks(body.system)).length;
  return listOf(body.messages).reduce<number>(
    (sum, message) => sum + countMessage(objectOf(message)),
    system,
  );
}

function forcedToolOf(choice: JsonObject): string | undefined {
  if (choice.type === "any") return "any";
  return choice.type === "tool" ? textOf(choice.name) : undefined;
}

/** Reads a request of the Messages API. */
export function readMessagesQuestion(body: JsonObject): Question {
  const messages = listOf(body.messages).map(objectOf);
  const last = messages.at(-1) ?? {};
  const lastUser =
    messages.findLast(({ role, content }) => role === "user" && textOfBlocks(content) !== "") ?? last;
  const result = listOf(last.content)
    .map(objectOf)
    .findLast((block) => block.type === "tool_result");
  const choice = objectOf(body.tool_choice);
  const format = objectOf(objectOf(body.output_config).format);
  const tools = choice.type === "none" ? [] : listOf(body.tools).map(objectOf);
  return {
    lastText: textOfBlocks(lastUser.content),
    toolResult: result === undefined ? undefined : textOfBlocks(result.content),
    promptTokens: countPrompt(body),
    tools: tools.map((tool) => ({ name: textOf(tool.name), parameters: tool.input_schema })),
    forcedTool: forcedToolOf(choice),
    schema: format.type === "json_schema" ? format.schema : undefined,
    stop: textsOf(body.stop_sequences),
    maxTokens: numberOf(body.max_tokens),
    wantsThinking: objectOf(body.thinking).type === "enabled",
    choice: 0,
  };
}
