import { errorCodes, PlatformError } from "@llm-platform/kit";
import { toOpenAiError } from "../../packages/server/src/api/error-envelope.ts";
import { sourceOf, statusOf } from "../../packages/server/src/core/error-status.ts";
import { errorTexts, symptoms } from "./error-texts.ts";
import { code, formatPage, formatTable } from "./markdown.ts";

/** The page about error codes. */
export function errorsPage(): string {
  const rows = errorCodes.map((each) => {
    const error = new PlatformError(each, "");
    const { meaning, remedy } = errorTexts[each];
    const more = `[${symptoms[each]}](../guides/troubleshoot.md#${symptoms[each].toLowerCase().replaceAll(" ", "-")})`;
    return [
      code(each),
      String(statusOf(each)),
      code(openAiTypeOf(error)),
      sourceOf(error),
      meaning,
      remedy,
      more,
    ];
  });
  return formatPage([
    "# Errors",
    "The set of codes is closed. One table turns a code into each wire.",
    [
      '- Under `/v1` an error is OpenAI\'s envelope: `{"error":{"message","type","param","code","request_id"}}`.',
      "- In a stream that has begun it is one event of the same form, and `[DONE]` does not follow it.",
      '- Under `/local/ollama/generate` it is Ollama\'s `{"error"}`, with `code` and `request_id` beside it.',
      "- In the management API it is `application/problem+json`; `type` ends in the code.",
      "- Every answer has `x-request-id`: the name under which the log and the usage ledger know the call.",
      "- `x-llmp-error-source` says which side to look at: `gateway` is this server, `provider` is what stands behind it, `policy` is a rule of yours.",
      "- `retry-after` and `retry-after-ms` stand where a later try may help. `x-should-retry: false` stands where the platform has tried already what is worth trying.",
    ].join("\n"),
    formatTable(
      ["Code", "HTTP", "OpenAI type", "Source", "What it means", "What to do", "What one sees"],
      rows,
    ),
  ]);
}

function openAiTypeOf(error: PlatformError): string {
  const envelope = toOpenAiError(error, "");
  const inner: unknown = "error" in envelope ? envelope.error : undefined;
  if (typeof inner === "object" && inner !== null && "type" in inner) return String(inner.type);
  throw new Error(`the envelope of ${error.code} has no type`);
}
