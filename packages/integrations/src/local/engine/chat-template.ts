import { Template } from "@huggingface/jinja";
import type { JsonObject } from "@llm-platform/kit";
import { invalid, unsupported } from "./engine-failure.ts";
import { itemsByFilter } from "./jinja-items.ts";
import { formatHermesCall, hermesSystemText } from "./hermes-text.ts";

/** The format that most small models know, for files that bring no template. */
const chatMlTemplate =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
/** What ends an answer in it. A model that was not made for it writes them as text, and never stops. */
const chatMlEndings = ["<|im_end|>", "<|im_start|>"] as const;

/** A message as templates know it. */
export interface TemplateMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
  readonly name?: string | undefined;
  readonly tool_calls?: readonly TemplateToolCall[] | undefined;
  readonly tool_call_id?: string | undefined;
  readonly reasoning_content?: string | undefined;
}

export interface TemplateToolCall {
  readonly id: string;
  readonly type: "function";
  /** Templates want arguments as an object; a string only where they were not JSON. */
  readonly function: { readonly name: string; readonly arguments: JsonObject | string };
}

/** How a model writes a tool call. */
export type ToolStyle = "hermes" | "llama" | "mistral";

/** What is rendered into one prompt. */
export interface TemplateInput {
  readonly messages: readonly TemplateMessage[];
  readonly tools: readonly JsonObject[];
  /** Further variables of the template, e.g. `enable_thinking`. */
  readonly variables: JsonObject;
}

/** A model's chat template, ready to render. */
export interface ChatTemplate {
  readonly toolStyle: ToolStyle;
  readonly source: string;
  /** Texts at which an answer ends, beside the model's own tokens. */
  readonly endings: readonly string[];
  /** False for a template with a fault in it: then nothing can be rendered. */
  readonly isReadable: boolean;
  /** Throws PlatformError `invalid_request` when the template refuses the messages. */
  render(input: TemplateInput): string;
}

/** @param source the model's own template; ChatML when undefined */
export function createChatTemplate(
  source: string | undefined,
  tokens: { readonly bos: string; readonly eos: string },
): ChatTemplate {
  const text = source ?? chatMlTemplate;
  const template = parseTemplate(text);
  const knowsTools = /\btools\b/.test(text);
  const knowsToolCalls = /\btool_calls\b/.test(text);
  return {
    toolStyle: findToolStyle(text),
    source: text,
    endings: source === undefined ? chatMlEndings : [],
    isReadable: template !== undefined,
    render(input) {
      if (template === undefined)
        throw unsupported(
          "messages",
          "This model's chat template cannot be read, so it cannot chat. Use completions.",
        );
      const messages = knowsToolCalls ? input.messages : input.messages.map(toPlainMessage);
      const withTools =
        knowsTools || input.tools.length === 0 ? messages : withToolText(messages, input.tools);
      try {
        return template.render({
          ...input.variables,
          messages: withTools,
          ...(input.tools.length === 0 ? {} : { tools: input.tools }),
          add_generation_prompt: true,
          bos_token: tokens.bos,
          eos_token: tokens.eos,
        });
      } catch (error) {
        const detail = error instanceof Error ? error.message.slice(0, 200) : "unknown reason";
        throw invalid("messages", `The model's chat template refused these messages: ${detail}`);
      }
    },
  };
}

function parseTemplate(source: string): Template | undefined {
  try {
    const template = new Template(source);
    itemsByFilter(template.parsed);
    return template;
  } catch {
    // The file brings a template that is not valid Jinja. Whoever chats is told; completions and embeddings work.
    return undefined;
  }
}

function findToolStyle(template: string): ToolStyle {
  if (template.includes("[TOOL_CALLS]")) return "mistral";
  if (template.includes("<tool_call>")) return "hermes";
  if (template.includes("<|python_tag|>") || /"parameters":/.test(template)) return "llama";
  return "hermes";
}

function withToolText(
  messages: readonly TemplateMessage[],
  tools: readonly JsonObject[],
): readonly TemplateMessage[] {
  const text = hermesSystemText(tools);
  const [first, ...rest] = messages;
  if (first?.role !== "system") return [{ role: "system", content: text }, ...messages];
  return [{ ...first, content: `${first.content}\n\n${text}` }, ...rest];
}

/** For templates that only know role and content. */
function toPlainMessage(message: TemplateMessage): TemplateMessage {
  if (message.role === "tool") {
    return { role: "user", content: `<tool_response>\n${message.content}\n</tool_response>` };
  }
  if (message.tool_calls === undefined || message.tool_calls.length === 0) return message;
  const calls = message.tool_calls.map((call) => formatHermesCall(call.function));
  return {
    role: message.role,
    content: [message.content, ...calls].filter((part) => part !== "").join("\n"),
  };
}
