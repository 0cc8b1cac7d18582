/** Series as promtool writes them, one sample a minute. */
export type Series = { readonly series: string; readonly values: string };

/** When an alert fires, and a like state of things in which it does not. */
export type AlertCase = {
  readonly alert: string;
  /** Which of the alerts of that name is meant, and what it is about. */
  readonly labels: Readonly<Record<string, string>>;
  /** When it is looked at, for example `20m`. */
  readonly at: string;
  readonly fires: readonly Series[];
  readonly quiet: readonly Series[];
};

const up: Series = { series: 'up{job="llm-platform",instance="a:8000"}', values: "1x6000" };

function counters(requests: string, errors: string, type = "upstream_error"): readonly Series[] {
  const labels = 'provider="ollama",model="m"';
  return [
    {
      series: `llm_requests_total{${labels},operation="chat",status_class="2xx",stream="true"}`,
      values: requests,
    },
    { series: `llm_errors_total{${labels},error_type="${type}",source="provider"}`, values: errors },
  ];
}

/** A hundred observations a minute, all of them in the bucket that ends at `le`. */
function observations(metric: string, le: number, bounds: readonly number[]): readonly Series[] {
  const [, labels = ""] = /^\w+\{(.*)\}$/.exec(metric) ?? [];
  const name = metric.split("{")[0] ?? "";
  return [...bounds.map(String), "+Inf"].map((bound) => ({
    series: `${name}_bucket{${labels},le="${bound}"}`,
    values: bound === "+Inf" || Number(bound) >= le ? "0+100x60" : "0x60",
  }));
}

const duration = 'llm_request_duration_seconds{provider="ollama",model="m",operation="chat"}';
const firstToken = 'llm_time_to_first_token_seconds{provider="ollama",model="m"}';
const queueWait = 'llm_queue_wait_seconds{queue="global"}';
const gpu = 'gpu="0",node="n1"';
const disk = (name: string, values: string): Series => ({
  series: `llm_data_disk_${name}_bytes{instance="a:8000"}`,
  values,
});
const gauge = (series: string, values: string): readonly Series[] => [{ series, values }];

function gpuMemory(used: number): readonly Series[] {
  return [
    { series: `llm_gpu_memory_usage_bytes{${gpu}}`, values: `${used}x30` },
    { series: `llm_gpu_memory_total_bytes{${gpu}}`, values: "100x30" },
  ];
}

function budget(spent: number): readonly Series[] {
  return [
    { series: 'llm_budget_spent{budget="team",currency="USD",instance="a"}', values: `${spent}x30` },
    { series: 'llm_budget_spent{budget="team",currency="USD",instance="b"}', values: `${spent}x30` },
    { series: 'llm_budget_limit{budget="team",currency="USD",instance="a"}', values: "100x30" },
    { series: 'llm_budget_limit{budget="team",currency="USD",instance="b"}', values: "100x30" },
  ];
}

const expiry = 'llm_tls_certificate_expiry_timestamp_seconds{instance="a:8000"}';
const certificate = (severity: string, days: number, quietDays: number): AlertCase => ({
  alert: "CertificateExpiring",
  labels: { severity, instance: "a:8000" },
  at: "10m",
  fires: gauge(expiry, `${days * 86_400}x30`),
  quiet: gauge(expiry, `${quietDays * 86_400}x30`),
});

/** Two cases for every alert. */
export const alertCases: readonly AlertCase[] = [
  {
    alert: "HighErrorRate",
    labels: { severity: "critical" },
    at: "10m",
    fires: counters("0+100x30", "0+11x30"),
    quiet: counters("0+100x30", "0+9x30"),
  },
  {
    alert: "ErrorBudgetBurnFast",
    labels: { severity: "critical" },
    at: "90m",
    fires: counters("0+100x120", "0+15x120"),
    // The hour was bad, but it is over.
    quiet: counters("0+100x120", "0+30x70 2100x50"),
  },
  {
    alert: "ErrorBudgetBurnSlow",
    labels: { severity: "warning" },
    at: "7h",
    fires: counters("0+100x500", "0+7x500"),
    quiet: counters("0+100x500", "0+5x500"),
  },
  {
    alert: "HighLatency",
    labels: { severity: "warning", model: "m" },
    at: "20m",
    fires: observations(duration, 20.48, [5.12, 10.24, 20.48]),
    quiet: observations(duration, 5.12, [5.12, 10.24, 20.48]),
  },
  {
    alert: "SlowFirstToken",
    labels: { severity: "warning", model: "m" },
    at: "20m",
    fires: observations(firstToken, 10, [2.5, 5, 10]),
    quiet: observations(firstToken, 2.5, [2.5, 5, 10]),
  },
  {
    alert: "QueueSaturated",
    labels: { severity: "warning", queue: "global" },
    at: "20m",
    fires: observations(queueWait, 10, [2.5, 5, 10]),
    quiet: observations(queueWait, 2.5, [2.5, 5, 10]),
  },
  {
    alert: "BudgetBurn",
    labels: { severity: "warning", budget: "team", currency: "USD" },
    at: "10m",
    fires: budget(91),
    quiet: budget(89),
  },
  {
    alert: "CostSpike",
    labels: { severity: "warning", currency: "USD" },
    at: "27h",
    fires: gauge('llm_cost_total{provider="p",model="m",currency="USD"}', "0+0.1x1560 156+1x120"),
    quiet: gauge('llm_cost_total{provider="p",model="m",currency="USD"}', "0+0.1x1700"),
  },
  {
    alert: "Watchdog",
    labels: { severity: "none" },
    at: "1m",
    fires: [up],
    // It always fires: what is shown here is only that it does so once.
    quiet: [],
  },
  {
    alert: "GatewayDown",
    labels: { severity: "critical", job: "llm-platform", instance: "a:8000" },
    at: "10m",
    fires: gauge('up{job="llm-platform",instance="a:8000"}', "1x3 0x30"),
    quiet: [up],
  },
  {
    alert: "ProviderDown",
    labels: { severity: "warning", integration: "office" },
    at: "10m",
    fires: [
      { series: 'llm_provider_up{integration="office",provider="vllm"}', values: "1x3 _x30" },
      { series: 'llm_provider_up{integration="office",provider="none"}', values: "_x3 0x30" },
    ],
    quiet: gauge('llm_provider_up{integration="office",provider="vllm"}', "1x30"),
  },
  {
    alert: "CircuitOpen",
    labels: { severity: "warning", integration: "office", model: "m" },
    at: "10m",
    fires: gauge('llm_circuit_state{integration="office",model="m"}', "2 1 2 1 2 1 2x30"),
    quiet: gauge('llm_circuit_state{integration="office",model="m"}', "2x7 0x30"),
  },
  {
    alert: "ModelLoadFailures",
    labels: { severity: "warning", provider: "local", model: "m" },
    at: "10m",
    // The counter is made by the first failure.
    fires: gauge('llm_model_loads_total{provider="local",model="m",result="failed"}', "_x5 1x30"),
    quiet: gauge('llm_model_loads_total{provider="local",model="m",result="ok"}', "_x5 1x30"),
  },
  {
    alert: "PluginCrashLoop",
    labels: { severity: "warning", integration: "office" },
    at: "20m",
    fires: gauge('llm_plugin_restarts_total{integration="office"}', "0x12 1 2 3 4 5x20"),
    quiet: gauge('llm_plugin_restarts_total{integration="office"}', "0x12 1 2 3x20"),
  },
  {
    alert: "AuditWriteFailing",
    labels: { severity: "critical", sink: "database" },
    at: "10m",
    fires: gauge('llm_audit_write_failures_total{sink="database"}', "0x8 1x30"),
    quiet: gauge('llm_audit_write_failures_total{sink="database"}', "0x2 1x30"),
  },
  {
    alert: "UsageSpoolGrowing",
    labels: { severity: "warning", instance: "a:8000" },
    at: "10m",
    fires: gauge('llm_usage_spool_oldest_seconds{instance="a:8000"}', "0+60x30"),
    quiet: gauge('llm_usage_spool_oldest_seconds{instance="a:8000"}', "60x30"),
  },
  {
    alert: "ConfigReloadFailed",
    labels: { severity: "warning", instance: "a:8000" },
    at: "10m",
    fires: gauge('llm_config_last_reload_successful{instance="a:8000"}', "1x3 0x30"),
    quiet: gauge('llm_config_last_reload_successful{instance="a:8000"}', "1x30"),
  },
  {
    alert: "AlertDeliveryFailing",
    labels: { severity: "warning", receiver: "slack" },
    at: "20m",
    fires: gauge('llm_alert_delivery_failures_total{receiver="slack"}', "0x15 1x30"),
    quiet: gauge('llm_alert_delivery_failures_total{receiver="slack"}', "0x1 1x30"),
  },
  {
    alert: "GpuMemoryHigh",
    labels: { severity: "warning", gpu: "0", node: "n1" },
    at: "10m",
    fires: gpuMemory(91),
    quiet: gpuMemory(89),
  },
  {
    alert: "GpuMemoryCritical",
    labels: { severity: "critical", gpu: "0", node: "n1" },
    at: "10m",
    fires: gpuMemory(96),
    quiet: gpuMemory(94),
  },
  {
    alert: "DiskSpaceLow",
    labels: { severity: "critical", instance: "a:8000" },
    at: "10m",
    fires: [disk("free", "9x30"), disk("size", "100x30")],
    quiet: [disk("free", "11x30"), disk("size", "100x30")],
  },
  {
    alert: "DiskWillFill",
    labels: { severity: "warning", instance: "a:8000" },
    at: "7h",
    fires: [disk("free", "4000-5x500"), disk("size", "10000x500")],
    quiet: [disk("free", "4000-1x500"), disk("size", "10000x500")],
  },
  {
    alert: "EventLoopLag",
    labels: { severity: "warning", instance: "a:8000" },
    at: "10m",
    fires: gauge('llm_event_loop_delay_seconds{instance="a:8000"}', "0.6x30"),
    quiet: gauge('llm_event_loop_delay_seconds{instance="a:8000"}', "0.6 0.1x30"),
  },
  certificate("info", 29, 31),
  certificate("warning", 6, 29),
  certificate("critical", 0.5, 6),
];
