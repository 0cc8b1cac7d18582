import { defineIntegration } from "@llm-platform/kit";
import { settings } from "./settings.js";

/** Watches one web page: well while the page answers with a good status. */
export const integration = defineIntegration({
  contract: 1,
  id: "page-watch",
  type: "monitoring",
  summary: "Watches one web page",
  settings,
  metrics: [
    { name: "probes_total", help: "Probes of the page", type: "counter", labels: ["outcome"] },
    {
      name: "answer_seconds",
      help: "Time to the page's answer",
      type: "histogram",
      buckets: [0.01, 0.1, 1, 5],
    },
  ],

  async start({ settings: { url }, metrics, log, fetch }) {
    log.info("page_watch.started", { url });
    return {
      async health(signal) {
        const startMs = performance.now();
        const { ok, status } = await fetch(url, { method: "HEAD", signal });
        metrics.observe("answer_seconds", (performance.now() - startMs) / 1_000);
        metrics.add("probes_total", 1, { outcome: ok ? "ok" : "failed" });
        return ok
          ? { status: "ok" }
          : { status: "failed", detail: `The page answers with status ${status}.` };
      },
      async stop() {
        log.info("page_watch.stopped");
      },
    };
  },
});
