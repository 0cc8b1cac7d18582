export { type App, type AppInput, startApp } from "./app.ts";
export { verifyAuditOffline } from "./audit-offline.ts";
export {
  checkConfiguration,
  checkDataDirectory,
  type CheckedConfiguration,
  showConfiguration,
} from "./check.ts";
export { serve } from "./serve.ts";
export { version } from "./version.ts";
