import type { AlertNotice, JsonObject } from "@llm-platform/kit";

/** Alerts in one message: what Slack would cut off is left out, and said so. */
const mostInOneMessage = 20;

/** Alerts as an incoming webhook takes them, in the form that Alertmanager gives them as well. */
export function encodeSlackMessage(notices: readonly AlertNotice[], channel: string | undefined): JsonObject {
  const shown = notices.slice(0, mostInOneMessage);
  const left = notices.length - shown.length;
  return {
    text: `${notices.length} ${notices.length === 1 ? "alert" : "alerts"}${left === 0 ? "" : `, ${left} not shown`}`,
    ...(channel === undefined ? {} : { channel }),
    attachments: shown.map((notice) => ({
      color: notice.status === "firing" ? "danger" : "good",
      title: `[${notice.status.toUpperCase()}] ${escape(notice.name)}`,
      title_link: notice.runbookUrl,
      text: `*${escape(notice.severity)}* ${escape(notice.summary)}\n${escape(notice.description)}`,
      mrkdwn_in: ["text"],
      ts: Math.floor((notice.endedAtMs ?? notice.startedAtMs) / 1_000),
    })),
  };
}

/** Slack takes these for the beginning of a link or a mention: a model's name must call nobody. */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
