/** Metrics of the request log. */
export const requestLogNames = {
  requestLogLost: {
    name: "llm_request_log_lost_total",
    help: "Refused calls that the request log does not have, because too many came at once or the database did not take them.",
    type: "counter",
    labels: [],
  },
} as const;
