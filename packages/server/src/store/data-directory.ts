import { mkdirSync } from "node:fs";
import { PlatformError } from "@llm-platform/kit";
import { refuseHalfRestored } from "./backup/half-restored.ts";
import { type InstanceLock, takeInstanceLock } from "./instance-lock.ts";

/**
 * Makes the data folder where it is missing, and takes it for this server alone.
 * @throws PlatformError `conflict` when another server uses it or a restore into it was cut off, `unavailable`
 */
export function holdDataDirectory(directory: string): InstanceLock {
  makeDirectory(directory);
  refuseHalfRestored(directory);
  return takeInstanceLock(directory);
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new PlatformError(
      "unavailable",
      `The data folder ${directory} cannot be made. Check its parent's permissions, or name another with LLM_PLATFORM_DATA_DIR.`,
      {
        cause: error,
      },
    );
  }
}
