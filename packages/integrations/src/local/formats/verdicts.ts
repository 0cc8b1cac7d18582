import type { ModelVerdict } from "@llm-platform/kit";

const maxReasons = 16;

export function weightsOnly(format: string, reasons: readonly string[] = []): ModelVerdict {
  return { verdict: "weights_only", format, reasons: reasons.slice(0, maxReasons) };
}

export function suspicious(format: string, reasons: readonly string[]): ModelVerdict {
  return { verdict: "suspicious", format, reasons: reasons.slice(0, maxReasons) };
}

export function refused(format: string, reasons: readonly string[]): ModelVerdict {
  return { verdict: "refused", format, reasons: reasons.slice(0, maxReasons) };
}
