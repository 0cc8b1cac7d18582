import type { ModelVerdict } from "@llm-platform/kit";
import type { GgufResult } from "../gguf-head.ts";
import { scanChatTemplate } from "./chat-template-scan.ts";
import { refused, suspicious, weightsOnly } from "./verdicts.ts";

/** The verdict on a GGUF file by its head. */
export function judgeGguf(result: Exclude<GgufResult, { type: "more" }>): ModelVerdict {
  if (result.type === "corrupt") return refused("gguf", [`It is not a sound GGUF file: ${result.reason}.`]);
  const reasons = [...new Set(result.head.chatTemplates.flatMap(scanChatTemplate))];
  return reasons.length === 0 ? weightsOnly("gguf") : suspicious("gguf", reasons);
}
