/** The ways in which a server reads calls, by the environment that sets each: what is promised of calls holds on all. */
export const setUps = [
  ["the fast lane", { LLM_PLATFORM_SERVER__FAST_LANE: "true", LLM_PLATFORM_SERVER__WORKERS: "0" }],
  ["node:http", { LLM_PLATFORM_SERVER__FAST_LANE: "false", LLM_PLATFORM_SERVER__WORKERS: "0" }],
  ["two workers", { LLM_PLATFORM_SERVER__FAST_LANE: "true", LLM_PLATFORM_SERVER__WORKERS: "2" }],
] as const;
