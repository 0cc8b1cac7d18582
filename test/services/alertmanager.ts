import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "../../bench/free-port.ts";
import { findService } from "../../tools/services.ts";
import { type ChildService, startChildService } from "./child-service.ts";

/** Where Alertmanager is, as Debian calls it; undefined on a machine without it. */
export const alertmanagerProgram = findService("prometheus-alertmanager");

/**
 * Starts a real Alertmanager.
 * @param folder for its files; exists already
 * @param config its whole configuration
 */
export async function startAlertmanager(folder: string, config: string): Promise<ChildService> {
  if (alertmanagerProgram === undefined) throw new Error("prometheus-alertmanager is not installed");
  const port = await findFreePort();
  const file = join(folder, "alertmanager.yml");
  await writeFile(file, config);
  return startChildService(
    alertmanagerProgram,
    [
      `--config.file=${file}`,
      `--storage.path=${join(folder, "alertmanager")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
    ],
    { url: `http://127.0.0.1:${port}`, readyPath: "/-/ready" },
  );
}
