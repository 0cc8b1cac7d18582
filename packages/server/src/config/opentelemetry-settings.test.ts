import { expect, it } from "vitest";
import { load } from "./made-up-machine.test-data.ts";

it("takes OpenTelemetry's own names", () => {
  const { config } = load({
    env: {
      OPENTELEMETRY_ENABLED: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4317/",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc",
      OTEL_SERVICE_NAME: "gateway",
      OTEL_TRACES_SAMPLER: "traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.01",
    },
  });
  expect(config.opentelemetry).toMatchObject({
    enabled: true,
    endpoint: "http://collector:4317",
    protocol: "grpc",
    service_name: "gateway",
    sampler: "traceidratio",
    sampler_ratio: 0.01,
  });
  expect(config.opentelemetry.headers?.reveal()).toBe("authorization=Bearer%20abc");
});

it("is off by default", () => {
  expect(load().config.opentelemetry).toMatchObject({ enabled: false, protocol: "http/protobuf" });
});
