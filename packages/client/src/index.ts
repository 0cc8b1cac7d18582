export * from "./backup.ts";
export * from "./client.ts";
export * from "./client-error.ts";
export * from "./chat-stream.ts";
export * from "./audit.ts";
export * from "./identity.ts";
export * from "./secrets.ts";
export * from "./usage.ts";
