import {
  type AlertNotice,
  type AlertSilence,
  arrayAt,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type KnownAlert,
  type NewSilence,
  objectAt,
  textAt,
} from "@llm-platform/kit";

/** Alertmanager forgets an alert that it is not told of for so long. */
const aliveMs = 300_000;

/** Alerts as `POST /api/v2/alerts` takes them. */
export function encodeAlerts(notices: readonly AlertNotice[], nowMs: number): readonly JsonObject[] {
  return notices.map((notice) => ({
    labels: { ...notice.labels, alertname: notice.name, severity: notice.severity, source: "llm-platform" },
    annotations: {
      summary: notice.summary,
      description: notice.description,
      runbook_url: notice.runbookUrl,
    },
    startsAt: new Date(notice.startedAtMs).toISOString(),
    endsAt: new Date(notice.endedAtMs ?? nowMs + aliveMs).toISOString(),
  }));
}

/** Alerts of `GET /api/v2/alerts`. What has no form that is known is left out. */
export function decodeAlerts(json: Json | undefined): readonly KnownAlert[] {
  if (!isJsonArray(json)) return [];
  return json.filter(isJsonObject).map((alert) => {
    const labels = textsOf(objectAt(alert, "labels"));
    return {
      name: labels["alertname"] ?? "",
      labels,
      isSuppressed: textAt(objectAt(alert, "status"), "state") === "suppressed",
      startedAt: textAt(alert, "startsAt") ?? "",
    };
  });
}

/** Silences of `GET /api/v2/silences` that hold now or will. */
export function decodeSilences(json: Json | undefined): readonly AlertSilence[] {
  if (!isJsonArray(json)) return [];
  return json
    .filter(isJsonObject)
    .filter((silence) => textAt(objectAt(silence, "status"), "state") !== "expired")
    .map((silence) => ({
      id: textAt(silence, "id") ?? "",
      matchers: arrayAt(silence, "matchers").filter(isJsonObject).map(formatMatcher),
      endsAt: textAt(silence, "endsAt") ?? "",
      createdBy: textAt(silence, "createdBy") ?? "",
      comment: textAt(silence, "comment") ?? "",
    }));
}

/** A silence as `POST /api/v2/silences` takes it. */
export function encodeSilence(silence: NewSilence, nowMs: number): JsonObject {
  return {
    matchers: silence.matchers.map(({ name, value }) => ({ name, value, isRegex: false, isEqual: true })),
    startsAt: new Date(nowMs).toISOString(),
    endsAt: new Date(silence.endsAtMs).toISOString(),
    createdBy: silence.createdBy,
    comment: silence.comment,
  };
}

function formatMatcher(matcher: JsonObject): string {
  const isEqual = matcher["isEqual"] !== false;
  const operator = matcher["isRegex"] === true ? (isEqual ? "=~" : "!~") : isEqual ? "=" : "!=";
  return `${textAt(matcher, "name") ?? ""}${operator}"${textAt(matcher, "value") ?? ""}"`;
}

function textsOf(object: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : [])),
  );
}
