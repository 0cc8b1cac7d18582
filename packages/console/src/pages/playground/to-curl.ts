import type { ChatMessage } from "@llm-platform/client";

/** The same call for a shell; the key comes from `LLM_PLATFORM_API_KEY`. */
export function toCurl(url: string, model: string, messages: readonly ChatMessage[]): string {
  const body = JSON.stringify({ model, messages, stream: true }).replaceAll("'", "'\\''");
  return [
    `curl -N ${url}/v1/chat/completions`,
    `-H "authorization: Bearer $LLM_PLATFORM_API_KEY"`,
    `-H 'content-type: application/json'`,
    `-d '${body}'`,
  ].join(" \\\n  ");
}
