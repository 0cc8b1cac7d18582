import { stringify } from "yaml";

/** Name of the folder that the dashboards are in. */
export const dashboardFolder = "LLM Platform";

/** Grafana's file that tells it where the dashboards lie. Nobody's edits are overwritten: they cannot be saved in place. */
export function dashboardProvider(path: string): string {
  return stringify({
    apiVersion: 1,
    providers: [
      {
        name: "llm-platform",
        type: "file",
        folder: dashboardFolder,
        folderUid: "llm-platform",
        disableDeletion: false,
        allowUiUpdates: false,
        updateIntervalSeconds: 30,
        options: { path },
      },
    ],
  });
}

/** Grafana's file with the Prometheus that the dashboards read, and where its exemplars lead to. */
export function dataSourceFile(prometheusUrl: string, traceUrl: string): string {
  return stringify(
    {
      apiVersion: 1,
      datasources: [
        {
          name: "Prometheus",
          uid: "llm-platform-prometheus",
          type: "prometheus",
          access: "proxy",
          url: prometheusUrl,
          isDefault: true,
          jsonData: dataSourceOptions(traceUrl),
        },
      ],
    },
    { lineWidth: 0 },
  );
}

/** What Grafana is to know of a Prometheus. `$${` is Grafana's spelling of `${` in a file that it provisions from. */
function dataSourceOptions(traceUrl: string): object {
  return {
    httpMethod: "POST",
    timeInterval: "15s",
    exemplarTraceIdDestinations: [{ name: "trace_id", url: traceUrl, urlDisplayLabel: "Trace" }],
  };
}
