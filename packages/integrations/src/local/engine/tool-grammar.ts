import type { Json, JsonObject } from "@llm-platform/kit";
import type { ToolStyle } from "./chat-template.ts";
import { GrammarBuilder, terminal } from "./grammar-builder.ts";

/** A function that the model may call. */
export interface ToolDefinition {
  readonly name: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Json;
  /** Whether keywords that cannot be enforced are to be refused. */
  readonly isStrict: boolean;
  /** Where it stands in the request. */
  readonly field: string;
  /** The tool as it was sent, for the template. */
  readonly source: JsonObject;
}

/** What a reply may be made of. At least one of the two. */
export interface ReplyShape {
  /** Calls of these tools, in the style of the model. */
  readonly calls?: {
    readonly tools: readonly ToolDefinition[];
    readonly style: ToolStyle;
    readonly isParallel: boolean;
  };
  /** A JSON value of this schema. */
  readonly json?: { readonly schema: Json; readonly field: string };
}

/** Calls of one reply. A small model that must call, or has called once, may not find an end by itself. */
export const mostParallelCalls = 16;

/** Grammar of a whole reply: JSON, or tool calls, or either. Throws PlatformError naming a keyword that it cannot enforce. */
export function replyGrammar(shape: ReplyShape): string {
  const builder = new GrammarBuilder();
  const roots: string[] = [];
  if (shape.json !== undefined)
    roots.push(builder.addSchema(shape.json.schema, shape.json.field, { isLenient: false }));
  if (shape.calls !== undefined) roots.push(addCalls(builder, shape.calls));
  return builder.build(roots.join(" | "));
}

/** Grammar of what follows `<tool_call>`, up to the closing tag. */
export function toolCallGrammar(tools: readonly ToolDefinition[]): string {
  const builder = new GrammarBuilder();
  const call = addCall(builder, tools, "hermes");
  return builder.build(`[ \\n]{0,2} ${call} [ \\n]{0,2} ${terminal("</tool_call>")}`);
}

/** Refuses strict tools whose schemas cannot be enforced. Throws PlatformError naming the keyword. */
export function checkStrictTools(tools: readonly ToolDefinition[]): void {
  for (const tool of tools) {
    const options = { isLenient: !tool.isStrict };
    new GrammarBuilder().addSchema(tool.parameters, `${tool.field}.function.parameters`, options);
  }
}

function addCalls(builder: GrammarBuilder, calls: NonNullable<ReplyShape["calls"]>): string {
  const { tools, style, isParallel } = calls;
  const call = addCall(builder, tools, style);
  switch (style) {
    case "hermes": {
      const one = builder.addRule(`${terminal("<tool_call>\n")} ${call} ${terminal("\n</tool_call>")}`);
      return isParallel ? builder.addRule(`${one} (${terminal("\n")} ${one})*`) : one;
    }
    case "mistral":
      // One list, whose calls are known when it ends: those of the other styles are counted as they come.
      return builder.addRule(
        `${terminal("[TOOL_CALLS]")} " "? "[" ${call} ${isParallel ? `("," ws ${call}){0,${mostParallelCalls - 1}} ` : ""}"]"`,
      );
    case "llama":
      return call;
    default:
      return style satisfies never;
  }
}

function addCall(builder: GrammarBuilder, tools: readonly ToolDefinition[], style: ToolStyle): string {
  const key = style === "llama" ? "parameters" : "arguments";
  const calls = tools.map((tool) => {
    const argumentsRule = builder.addSchema(tool.parameters, `${tool.field}.function.parameters`, {
      isLenient: true,
    });
    return builder.addRule(
      `${terminal(`{"name": ${JSON.stringify(tool.name)}, "${key}": `)} ${argumentsRule} "}"`,
    );
  });
  return builder.addRule(calls.join(" | "));
}
