import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { dashboards } from "../../../packages/server/src/telemetry/dashboards/all-dashboards.ts";
import { toDashboardJson } from "../../../packages/server/src/telemetry/dashboards/dashboard-json.ts";
import { launchBrowser } from "../../console/browser.ts";
import { startBusyPlatform } from "./busy-platform.ts";
import { drawPage, pageWidth } from "./draw-page.ts";
import { firstChoice, readPanel } from "./panel-data.ts";
import { panelsOf, readDashboard } from "./panel-json.ts";

/**
 * `node test/monitoring/dashboards/render.ts [--seconds 240]`: pictures of all dashboards for the guides, as
 * Grafana would show them, of a platform under load and a real Prometheus.
 */
const { values } = parseArgs({ options: { seconds: { type: "string", default: "240" } } });
const folder = fileURLToPath(new URL("../../../docs/images/dashboards/", import.meta.url));
const mostBytes = 300_000;
const points = 110;

const seconds = Number(values.seconds);
const busy = await startBusyPlatform({ scrapeMs: 1_000 });
try {
  await sleep(seconds * 1_000);
  const toMs = Date.now();
  const span = {
    fromMs: toMs - seconds * 1_000,
    toMs,
    stepSeconds: Math.max(1, Math.ceil(seconds / points)),
  };
  const pages = await Promise.all(
    dashboards.map(async (dashboard) => {
      const json = readDashboard(toDashboardJson(dashboard));
      const { prometheus } = busy;
      const chosen = await firstChoice(json, prometheus);
      const read = panelsOf(json).map(
        async (panel) => [panel, await readPanel(panel, { prometheus, span, chosen })] as const,
      );
      return { uid: json.uid, html: drawPage(json, new Map(await Promise.all(read)), { span, chosen }) };
    }),
  );
  await mkdir(folder, { recursive: true });
  const browser = await launchBrowser();
  try {
    for (const { uid, html } of pages) {
      const page = await browser.newPage({ viewport: { width: pageWidth, height: 800 } });
      await page.setContent(html);
      const path = join(folder, `${uid.replace("llm-platform-", "")}.png`);
      await page.screenshot({ path, fullPage: true });
      const { size } = await stat(path);
      console.log(`${path}: ${size} bytes`);
      if (size > mostBytes) process.exitCode = 1;
    }
  } finally {
    await browser.close();
  }
} finally {
  await busy.stop();
}
