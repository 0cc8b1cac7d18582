export { integrationContract } from "./contract.ts";
export type { ContractCase, ContractInput } from "./contract-input.ts";
export { createFakeClock, type FakeClock } from "./fake-clock.ts";
export {
  createFakeHost,
  type EmittedEvent,
  type FakeHost,
  type FakeHostInput,
  validateSettings,
} from "./fake-host.ts";
export { createMemoryKeyValues } from "./memory-key-values.ts";
export type { LogRecord } from "./recorded-log.ts";
export { createRecordedLog } from "./recorded-log.ts";
export {
  createRecordedMetrics,
  type RecordedMetrics,
} from "./recorded-metrics.ts";
export {
  createScriptedIntegration,
  type Script,
  type ScriptedInput,
  type ScriptedIntegration,
  type ScriptedSettings,
} from "./scripted-integration.ts";
export {
  createTestCall,
  readReplyBody,
  type TestCallInput,
} from "./test-call.ts";
export { createTestServer, type TestAnswer, type TestRequest, type TestServer } from "./test-server.ts";
