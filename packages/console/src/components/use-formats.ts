import type { Formats } from "../text/formats.ts";
import { usePreferences } from "../text/use-text.ts";

/** Writes numbers and times in the reader's language. */
export function useFormats(): Formats {
  return usePreferences().formats;
}
