/** Metrics of the gRPC server. */
export const grpcMetricNames = {
  grpcConnections: {
    name: "llm_grpc_connections",
    help: "Open client connections for gRPC.",
    type: "gauge",
    labels: [],
  },
  grpcHandled: {
    name: "grpc_server_handled_total",
    help: "Calls over gRPC that ended, by the status that the caller saw. The name is the one that dashboards for gRPC know.",
    type: "counter",
    labels: ["grpc_type", "grpc_service", "grpc_method", "grpc_code"],
  },
} as const;
