import { expect, test } from "vitest";
import { alertRules } from "./alert-rules.ts";
import { describeCondition } from "./condition-words.ts";

const wordsOf = (name: string) =>
  alertRules
    .flatMap(({ rules }) => rules)
    .filter((rule) => rule.name === name)
    .map(describeCondition);

test.each([
  ["HighErrorRate", "llm_errors_total (error_type chosen) is above 10% of llm_requests_total in 5m, for 1m"],
  [
    "HighLatency",
    "95 of 100 observations of llm_request_duration_seconds in 5m: the slowest is above 10s, for each model, for 5m",
  ],
  ["ProviderDown", "llm_provider_up is below 1, for each integration, for 2m"],
  ["ConfigReloadFailed", "llm_config_last_reload_successful is 0, for 1m"],
  ["PluginCrashLoop", "the rise of llm_plugin_restarts_total in 10m is above 3, for each integration"],
  ["Watchdog", "what its expression says, which only a Prometheus can tell"],
])("%s in words", (name, words) => {
  expect(wordsOf(name)).toEqual([words]);
});

test("a certificate has a rule for each time that is left", () => {
  const until = "the time until llm_tls_certificate_expiry_timestamp_seconds is below";
  expect(wordsOf("CertificateExpiring")).toEqual([`${until} 30d`, `${until} 7d`, `${until} 1d`]);
});
