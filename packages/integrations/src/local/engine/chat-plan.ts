import type { JsonObject } from "@llm-platform/kit";
import type { Token } from "node-llama-cpp";
import { type ChatRequest, type ChatRequestMessage, toToolSource } from "./chat-request.ts";
import type { TemplateMessage } from "./chat-template.ts";
import { invalid, unsupported } from "./engine-failure.ts";
import { isJsonObject, parseJsonText } from "./json-schema.ts";
import type { LoadedEngine } from "./loaded-engine.ts";
import { tokenizeChat } from "./prompt-tokens.ts";
import { type Sampling, toSampling, toStopStrings } from "./sampling.ts";
import {
  checkStrictTools,
  mostParallelCalls,
  type ReplyShape,
  replyGrammar,
  type ToolDefinition,
  toolCallGrammar,
} from "./tool-grammar.ts";

/** A grammar and the field of the request that asked for it. */
export interface GrammarPlan {
  readonly grammar: string;
  readonly field: string;
}

/** A chat request worked out: everything that its choices share. */
export interface ChatPlan {
  readonly prompt: readonly Token[];
  readonly sampling: Sampling;
  readonly choices: number;
  readonly maxTokens: number;
  readonly stops: readonly string[];
  readonly topLogprobs: number | undefined;
  /** Tools whose calls are looked for in the reply. */
  readonly toolNames: readonly string[];
  /** So many calls end the reply. */
  readonly mostCalls: number;
  /** In force from the first token. */
  readonly grammar: GrammarPlan | undefined;
  /** In force once the model itself has opened a tool call. */
  readonly callGrammar: GrammarPlan | undefined;
}

/** Works out a request against the model. Throws PlatformError naming the field at fault. */
export function planChat(engine: LoadedEngine, request: ChatRequest): ChatPlan {
  const tools = toTools(request);
  const asked = chosenTools(request, tools);
  const prompt = tokenizeChat(engine, {
    messages: request.messages.map(toTemplateMessage),
    tools: asked.map((tool) => tool.source),
    variables: toVariables(engine, request),
  });
  if (request.top_logprobs !== undefined && !request.logprobs)
    throw invalid("top_logprobs", "'top_logprobs' needs 'logprobs' to be true.");
  return {
    prompt,
    sampling: toSampling(request),
    choices: request.n,
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY,
    stops: [...toStopStrings(request.stop), ...engine.template.endings],
    topLogprobs: request.logprobs ? (request.top_logprobs ?? 0) : undefined,
    toolNames: asked.map((tool) => tool.name),
    mostCalls: request.parallel_tool_calls ? mostParallelCalls : 1,
    ...planGrammars(engine, request, asked),
  };
}

function toTools(request: ChatRequest): readonly ToolDefinition[] {
  const tools = (request.tools ?? []).map((tool, index) => ({
    name: tool.function.name,
    parameters: tool.function.parameters ?? { type: "object", properties: {}, additionalProperties: false },
    isStrict: tool.function.strict === true,
    field: `tools[${index}]`,
    source: toToolSource(tool),
  }));
  checkStrictTools(tools);
  return tools;
}

function chosenTools(request: ChatRequest, tools: readonly ToolDefinition[]): readonly ToolDefinition[] {
  const choice = request.tool_choice;
  if (choice === undefined || choice === "auto") return tools;
  if (choice === "none") return [];
  if (tools.length === 0)
    throw invalid("tool_choice", "'tool_choice' asks for a tool, but 'tools' is empty.");
  if (choice === "required") return tools;
  const named = tools.filter((tool) => tool.name === choice.function.name);
  if (named.length === 0)
    throw invalid("tool_choice.function.name", "'tool_choice' names a function that is not in 'tools'.");
  return named;
}

function planGrammars(
  engine: LoadedEngine,
  request: ChatRequest,
  tools: readonly ToolDefinition[],
): Pick<ChatPlan, "grammar" | "callGrammar"> {
  const json = toJsonShape(request.response_format);
  const isForced = request.tool_choice !== undefined && request.tool_choice !== "auto";
  const isParallel = request.parallel_tool_calls && (!isForced || request.tool_choice === "required");
  const calls = { tools, style: engine.template.toolStyle, isParallel };
  if (tools.length === 0) {
    return {
      grammar: json === undefined ? undefined : { grammar: replyGrammar({ json }), field: json.field },
      callGrammar: undefined,
    };
  }
  if (isForced)
    return { grammar: { grammar: replyGrammar({ calls }), field: "tools" }, callGrammar: undefined };
  if (json !== undefined)
    return { grammar: { grammar: replyGrammar({ json, calls }), field: json.field }, callGrammar: undefined };
  // A stop string holds text back, so the start of a call would be noticed too late for a grammar to take over.
  if (request.stop !== undefined) return { grammar: undefined, callGrammar: undefined };
  return { grammar: undefined, callGrammar: { grammar: toolCallGrammar(tools), field: "tools" } };
}

function toJsonShape(format: ChatRequest["response_format"]): ReplyShape["json"] {
  if (format === undefined || format.type === "text") return undefined;
  if (format.type === "json_object") return { schema: { type: "object" }, field: "response_format" };
  return {
    schema: format.json_schema.schema ?? { type: "object" },
    field: "response_format.json_schema.schema",
  };
}

function toVariables(engine: LoadedEngine, request: ChatRequest): JsonObject {
  const { reasoning_effort: effort, chat_template_kwargs: extra } = request;
  if (effort === undefined || effort === "none") return extra ?? {};
  if (engine.template.source.includes("reasoning_effort")) return { ...extra, reasoning_effort: effort };
  throw unsupported("reasoning_effort", "This model's template knows no 'reasoning_effort'. Leave it out.");
}

function toTemplateMessage(message: ChatRequestMessage): TemplateMessage {
  const content = toText(message.content);
  const name = message.name === undefined ? {} : { name: message.name };
  switch (message.role) {
    case "system":
    case "developer":
      return { role: "system", content, ...name };
    case "user":
      return { role: "user", content, ...name };
    case "tool":
      return { role: "tool", content, tool_call_id: message.tool_call_id, ...name };
    case "assistant":
      return {
        role: "assistant",
        content: content === "" ? (message.refusal ?? "") : content,
        ...name,
        ...assistantExtras(message),
      };
    default:
      return message satisfies never;
  }
}

function assistantExtras(
  message: Extract<ChatRequestMessage, { role: "assistant" }>,
): Partial<TemplateMessage> {
  const reasoning = message.reasoning_content ?? undefined;
  const calls = (message.tool_calls ?? []).map((call) => {
    const values = parseJsonText(call.function.arguments);
    const args = isJsonObject(values) ? values : call.function.arguments;
    return {
      id: call.id,
      type: "function" as const,
      function: { name: call.function.name, arguments: args },
    };
  });
  return {
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
  };
}

function toText(content: ChatRequestMessage["content"]): string {
  if (content === undefined || content === null) return "";
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : part.refusal)).join("");
}
