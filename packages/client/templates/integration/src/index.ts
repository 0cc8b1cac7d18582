import { defineIntegration } from "@llm-platform/kit";
import { settings } from "./settings.ts";

/** Watches one server: well while it answers with a good status. */
export const integration = defineIntegration({
  contract: 1,
  id: "integration-name",
  type: "monitoring",
  summary: "Watches one server",
  settings,
  // They appear as llm_integration_integration_name_probes_total and so on.
  metrics: [
    { name: "probes_total", help: "Probes of the server", type: "counter", labels: ["outcome"] },
    {
      name: "answer_seconds",
      help: "Time to the server's answer",
      type: "histogram",
      buckets: [0.01, 0.1, 1, 5],
    },
  ],

  async start({ settings: { url, apiKey }, metrics, log, fetch }) {
    const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey.reveal()}` };
    log.info("integration_name.started", { url });
    return {
      async health(signal) {
        const startMs = performance.now();
        const { ok, status } = await fetch(url, { headers, signal });
        metrics.observe("answer_seconds", (performance.now() - startMs) / 1_000);
        metrics.add("probes_total", 1, { outcome: ok ? "ok" : "failed" });
        if (ok) return { status: "ok" };
        if (status === 401)
          return { status: "auth_required", detail: "The server refuses the key. Set another api_key." };
        return { status: "failed", detail: `The server answers with status ${status}.` };
      },
      async stop() {
        log.info("integration_name.stopped");
      },
    };
  },
});
