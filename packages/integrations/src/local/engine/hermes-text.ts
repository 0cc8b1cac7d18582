import type { Json, JsonObject } from "@llm-platform/kit";

/** A call in the form that Hermes and Qwen models write. */
export function formatHermesCall(call: { readonly name: string; readonly arguments: Json }): string {
  const text = typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments);
  return `<tool_call>\n{"name": ${JSON.stringify(call.name)}, "arguments": ${text}}\n</tool_call>`;
}

/** What tells a model whose template knows no tools which tools there are. */
export function hermesSystemText(tools: readonly JsonObject[]): string {
  return [
    "You may call one or more functions to help with the user's request.",
    "The functions are listed within <tools></tools> tags:",
    "<tools>",
    ...tools.map((tool) => JSON.stringify(tool)),
    "</tools>",
    "For each call return a JSON object with the function's name and its arguments within <tool_call></tool_call> tags:",
    "<tool_call>",
    '{"name": "<function-name>", "arguments": <arguments-as-json-object>}',
    "</tool_call>",
  ].join("\n");
}
