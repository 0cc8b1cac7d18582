export { type App, type AppInput, startApp } from "./app.ts";
export { verifyAuditOffline } from "./audit-offline.ts";
export {
  checkConfiguration,
  checkDataDirectory,
  type CheckedConfiguration,
  showConfiguration,
} from "./check.ts";
export { describeMigration, migrateSchema } from "./migrate-schema.ts";
export { PlatformError } from "@llm-platform/kit";
export { backUpOffline } from "./store/backup/offline.ts";
export { backupName, type MadeBackup } from "./store/backup/make-backup.ts";
export type { Manifest } from "./store/backup/manifest.ts";
export { receiveBackup, refuseTaken } from "./store/backup/receive.ts";
export { type Restored, restoreBackup } from "./store/backup/restore.ts";
export { sizeOfBackup, verifyBackup } from "./store/backup/verify.ts";
export { serve } from "./serve.ts";
export { version } from "./version.ts";
