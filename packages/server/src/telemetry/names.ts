import type { MetricDefinition } from "./metric-definition.ts";
import { exportNames } from "./export-names.ts";
import { grpcMetricNames } from "./grpc-names.ts";
import { websocketMetricNames } from "./websocket-names.ts";
import { requestLogNames } from "./request-log-names.ts";
import { resourceNames } from "./resource-names.ts";

/** Upper bounds in seconds for call durations: the OpenTelemetry GenAI list, with two more for local models. */
const durationBuckets = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68,
];
const firstTokenBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const perTokenBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1];
const waitBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];
const overheadBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

const byModel = ["provider", "model"] as const;
const byCall = ["provider", "model", "operation"] as const;

/** Every metric of the platform: the one place where their names are spelled. */
export const metricNames = {
  ...websocketMetricNames,
  ...grpcMetricNames,
  ...exportNames,
  ...requestLogNames,
  requests: {
    name: "llm_requests_total",
    help: "Model calls that ended, by the status class that the caller saw.",
    type: "counter",
    labels: ["provider", "model", "operation", "status_class", "stream"],
  },
  requestDuration: {
    name: "llm_request_duration_seconds",
    help: "Time from the arrival of a model call to its end.",
    type: "histogram",
    labels: byCall,
    buckets: durationBuckets,
  },
  modelLoads: {
    name: "llm_model_loads_total",
    help: "Loads of models into memory, by result.",
    type: "counter",
    labels: ["provider", "model", "result"],
  },
  activeModels: {
    name: "llm_active_models",
    help: "Models in memory now.",
    type: "gauge",
    labels: ["provider"],
  },
  ...resourceNames,
  errors: {
    name: "llm_errors_total",
    help: "Errors that a caller saw, by code and by the layer at fault.",
    type: "counter",
    labels: ["provider", "model", "error_type", "source"],
  },
  cost: {
    name: "llm_cost_total",
    help: "Cost of the calls whose price is known, in units of the currency.",
    type: "counter",
    labels: ["provider", "model", "currency"],
  },
  costUnknown: {
    name: "llm_cost_unknown_total",
    help: "Attempts whose cost is unknown because no price is configured.",
    type: "counter",
    labels: byModel,
  },
  firstToken: {
    name: "llm_time_to_first_token_seconds",
    help: "Time from the arrival of a streamed call to its first content.",
    type: "histogram",
    labels: byModel,
    buckets: firstTokenBuckets,
  },
  perOutputToken: {
    name: "llm_time_per_output_token_seconds",
    help: "Time between output tokens after the first, averaged over a call.",
    type: "histogram",
    labels: byModel,
    buckets: perTokenBuckets,
  },
  tokens: {
    name: "llm_tokens_total",
    help: "Tokens, by type.",
    type: "counter",
    labels: ["provider", "model", "type"],
  },
  overhead: {
    name: "llm_gateway_overhead_seconds",
    help: "Time that the gateway itself added before a call went upstream.",
    type: "histogram",
    labels: [],
    buckets: overheadBuckets,
  },
  inFlight: {
    name: "llm_requests_in_flight",
    help: "Model calls that have not ended.",
    type: "gauge",
    labels: [],
  },
  providerUp: {
    name: "llm_provider_up",
    help: "1 while a model platform is running, else 0. Absent for one that is disabled.",
    type: "gauge",
    labels: ["integration", "provider"],
  },
  circuitState: {
    name: "llm_circuit_state",
    help: "State of a target's circuit breaker: 0 closed, 1 half open, 2 open.",
    type: "gauge",
    merge: "max",
    labels: ["integration", "model"],
  },
  retries: {
    name: "llm_retries_total",
    help: "Attempts beyond the first of a call.",
    type: "counter",
    labels: byModel,
  },
  terminations: {
    name: "llm_stream_terminations_total",
    help: "How streams ended.",
    type: "counter",
    labels: ["reason"],
  },
  rateLimited: {
    name: "llm_rate_limited_total",
    help: "Calls refused because a limit was reached, by its scope and kind, for example key_requests or user_tokens.",
    type: "counter",
    labels: ["limit"],
  },
  budgetLimit: {
    name: "llm_budget_limit",
    help: "What may be spent of a budget in its period, in units of the currency.",
    type: "gauge",
    labels: ["budget", "currency"],
  },
  budgetSpent: {
    name: "llm_budget_spent",
    help: "What is spent of a budget in its current period, in units of the currency.",
    type: "gauge",
    labels: ["budget", "currency"],
  },
  budgetReserved: {
    name: "llm_budget_reserved",
    help: "What calls in flight may cost of a budget, in units of the currency.",
    type: "gauge",
    labels: ["budget", "currency"],
  },
  budgetNotices: {
    name: "llm_budget_notices_total",
    help: "Thresholds of a budget that were reached, by percent, and times that it was exhausted: each once in a period.",
    type: "counter",
    labels: ["budget", "notice"],
  },
  budgetRefused: {
    name: "llm_budget_refused_total",
    help: "Calls refused because a budget has too little left.",
    type: "counter",
    labels: ["budget"],
  },
  budgetDecisions: {
    name: "llm_budget_decisions_total",
    help: "How calls with budgets were decided with Redis: lease (by what lay here), exchange (after asking), or local (without the other replicas). Absent without Redis.",
    type: "counter",
    labels: ["by"],
  },
  queueDepth: {
    name: "llm_queue_depth",
    help: "Calls that wait for room, by queue: global, or `model` and the name of one with a limit of calls at once.",
    type: "gauge",
    labels: ["queue"],
  },
  queueWait: {
    name: "llm_queue_wait_seconds",
    help: "How long calls waited that were let in then.",
    type: "histogram",
    labels: ["queue"],
    buckets: waitBuckets,
  },
  overloadState: {
    name: "llm_overload_state",
    help: "What a process does against overload, by cause (memory, event_loop): 0 nothing, 1 closes connections, 2 refuses calls.",
    type: "gauge",
    merge: "max",
    labels: ["cause"],
  },
  overloadShed: {
    name: "llm_overload_shed_ratio",
    help: "Part of new calls that is refused because the event loop is late.",
    type: "gauge",
    merge: "max",
    labels: [],
  },
  overloadRefused: {
    name: "llm_overload_refused_total",
    help: "Calls refused because of overload, by cause.",
    type: "counter",
    labels: ["cause"],
  },
  limitDecisions: {
    name: "llm_limit_decisions_total",
    help: "How calls with limits were decided with Redis: lease (by what lay here), exchange (after asking), or local (without the other replicas). Absent without Redis.",
    type: "counter",
    labels: ["by"],
  },
  redisUp: {
    name: "llm_redis_up",
    help: "1 while Redis is used, else 0. Absent without Redis.",
    type: "gauge",
    labels: [],
  },
  redisFailures: {
    name: "llm_redis_failures_total",
    help: "Commands that Redis did not answer in time, or answered with an error.",
    type: "counter",
    labels: ["reason"],
  },
  redisExchange: {
    name: "llm_redis_exchange_seconds",
    help: "How long exchanges of limits and of budgets with Redis took.",
    type: "histogram",
    labels: [],
    buckets: overheadBuckets,
  },
  replicas: {
    name: "llm_replicas",
    help: "Replicas that are live, as last known. Absent without Redis.",
    type: "gauge",
    labels: [],
  },
  leader: {
    name: "llm_leader",
    help: "1 for the replica that does what only one should do, else 0. Absent without Redis.",
    type: "gauge",
    labels: [],
  },
  promptsTruncated: {
    name: "llm_prompts_truncated_total",
    help: "Calls whose prompt did not fit and was cut by the upstream.",
    type: "counter",
    labels: byModel,
  },
  pluginUp: {
    name: "llm_plugin_up",
    help: "1 while an integration is running, else 0.",
    type: "gauge",
    labels: ["integration", "type"],
  },
  pluginState: {
    name: "llm_plugin_state",
    help: "1 for the state that an integration is in.",
    type: "gauge",
    labels: ["integration", "state"],
  },
  pluginRestarts: {
    name: "llm_plugin_restarts_total",
    help: "Restarts of an integration.",
    type: "counter",
    labels: ["integration"],
  },
  spoolRecords: {
    name: "llm_usage_spool_records",
    help: "Usage records that outlive the process but are not yet in the ledger.",
    type: "gauge",
    labels: [],
  },
  spoolOldest: {
    name: "llm_usage_spool_oldest_seconds",
    help: "Age of the oldest such record.",
    type: "gauge",
    merge: "max",
    labels: [],
  },
  spoolFailures: {
    name: "llm_usage_spool_failures_total",
    help: "Times that the disk failed to take usage records, or took too long.",
    type: "counter",
    labels: [],
  },
  contentCaptured: {
    name: "llm_content_captured_total",
    help: "Calls whose content was to be kept: kept, dropped because too much waited, or failed.",
    type: "counter",
    labels: ["result"],
  },
  pulls: {
    name: "llm_pulls_total",
    help: "Pulls of models that came to rest, by where they came from and how they ended.",
    type: "counter",
    labels: ["kind", "result"],
  },
  pulledBytes: {
    name: "llm_pulled_bytes_total",
    help: "Bytes of models that this server fetched itself.",
    type: "counter",
    labels: ["kind"],
  },
  pullsActive: {
    name: "llm_pulls_active",
    help: "Pulls of models that run or wait.",
    type: "gauge",
    labels: [],
  },
  auditFailures: {
    name: "llm_audit_write_failures_total",
    help: "Times that a sink of the audit log, the database or the file, failed or took too long.",
    type: "counter",
    labels: ["sink"],
  },
  connections: {
    name: "llm_connections",
    help: "Open client connections.",
    type: "gauge",
    labels: [],
  },
  httpRequests: {
    name: "llm_http_requests_total",
    help: "HTTP requests, by the lane that read them: fast (inference calls in plain HTTP/1.1) or node_http.",
    type: "counter",
    labels: ["lane"],
  },
  workers: {
    name: "llm_workers",
    help: "Worker processes by state: starting, ready, or waiting after one that died too soon. Absent without workers.",
    type: "gauge",
    labels: ["state"],
  },
  workerRestarts: {
    name: "llm_worker_restarts_total",
    help: "Worker processes that ended without being told to, and were replaced.",
    type: "counter",
    labels: [],
  },
  tlsCertificateExpiry: {
    name: "llm_tls_certificate_expiry_timestamp_seconds",
    help: "When the certificate in use on the port ends, in Unix time. Absent without TLS.",
    type: "gauge",
    labels: [],
  },
  tlsCertificateReloads: {
    name: "llm_tls_certificate_reloads_total",
    help: "Changes of the certificate's files that were taken over (success) or refused (failure).",
    type: "counter",
    labels: ["result"],
  },
  tlsHandshakes: {
    name: "llm_tls_handshakes_total",
    help: "TLS handshakes of clients, by result. A failure is a client that speaks no TLS, does not trust the certificate, has none that is asked for, or takes too long.",
    type: "counter",
    labels: ["result"],
  },
  upstreamTlsHandshakes: {
    name: "llm_upstream_tls_handshakes_total",
    help: "TLS handshakes with upstreams for model calls, by session: new, or resumed from an earlier one.",
    type: "counter",
    labels: ["integration", "session"],
  },
  alertsFiring: {
    name: "llm_alerts_firing",
    help: "How many things the platform itself finds an alert to be firing for.",
    type: "gauge",
    labels: ["alertname", "severity"],
  },
  alertDeliveries: {
    name: "llm_alert_deliveries_total",
    help: "Notifications of alerts that a receiver took.",
    type: "counter",
    labels: ["receiver"],
  },
  alertDeliveryFailures: {
    name: "llm_alert_delivery_failures_total",
    help: "Tries to hand a notification of alerts to a receiver that failed.",
    type: "counter",
    labels: ["receiver"],
  },
  configReload: {
    name: "llm_config_last_reload_successful",
    help: "1 when the configurations in force are the last that were saved, else 0: one does not work here.",
    type: "gauge",
    labels: [],
  },
  buildInfo: {
    name: "llm_build_info",
    help: "1, with the version of the platform and of Node.",
    type: "gauge",
    labels: ["version", "node_version"],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Metrics that an integration declares are shown under this prefix and its definition's id. */
export const integrationMetricPrefix = "llm_integration_";
