/** Metrics of the WebSocket channels. */
export const websocketMetricNames = {
  websocketConnections: {
    name: "llm_websocket_connections",
    help: "WebSocket connections now.",
    type: "gauge",
    labels: ["channel"],
  },
  websocketMessages: {
    name: "llm_websocket_messages_total",
    help: "Messages over WebSocket, received and sent.",
    type: "counter",
    labels: ["channel", "direction"],
  },
  websocketCloses: {
    name: "llm_websocket_closes_total",
    help: "WebSocket connections that ended, by the code of the close; 1006 for one that was lost.",
    type: "counter",
    labels: ["channel", "code"],
  },
} as const;
