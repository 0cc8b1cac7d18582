import { readdirSync } from "node:fs";
import { PlatformError } from "@llm-platform/kit";

/** How the folder is called that stands in a data folder while a restored backup takes its place there. */
export const halfRestoredStart = "restoring-";

/** Throws PlatformError `conflict` for a data folder where a restore was cut off between the old and the new. */
export function refuseHalfRestored(dataDirectory: string): void {
  if (!listNames(dataDirectory).some((name) => name.startsWith(halfRestoredStart))) return;
  throw new PlatformError(
    "conflict",
    `A restore into the data folder ${dataDirectory} was cut off. Run \`llmp restore\` with --force again; what stood there before is in a folder before-restore-… in it.`,
  );
}

function listNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // What cannot be listed is told by whoever opens it next.
    return [];
  }
}
