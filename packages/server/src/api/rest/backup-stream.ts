import { basename } from "node:path";
import { backupTarget } from "../../control/backups.ts";
import type { Backups } from "../../store/backup/backups.ts";
import { sendFile } from "./send-file.ts";
import type { StreamRoute } from "./server.ts";

const archiveType = "application/x-tar";
/** A client that takes nothing for this long has lost its backup: the next one waits for it. */
const stallMs = 60_000;

/** `POST /api/v1/backups` as the archive itself. */
export function createBackupStream(backups: Backups): StreamRoute {
  return {
    method: "POST",
    path: "/api/v1/backups",
    permission: "backup.manage",
    audit: { operation: "backup.create", target: () => backupTarget },
    accepts: (request) => request.headers.accept?.includes(archiveType) === true,
    async handle(request, reply, signal) {
      await backups.lend(signal, async ({ file, bytes, sha256 }) => {
        const { raw } = reply.hijack();
        raw.setTimeout(stallMs, () => raw.destroy());
        raw.writeHead(200, {
          "content-type": archiveType,
          "content-length": bytes,
          "content-disposition": `attachment; filename="${basename(file, ".lent")}"`,
          "repr-digest": `sha-256=:${Buffer.from(sha256, "hex").toString("base64")}:`,
          "cache-control": "no-store",
          "x-request-id": request.id,
        });
        try {
          await sendFile(file, raw, signal);
        } catch {
          // The client has gone, or the disk failed: the length that was announced tells it that the end is missing.
          raw.destroy();
        }
      });
      return undefined;
    },
  };
}
