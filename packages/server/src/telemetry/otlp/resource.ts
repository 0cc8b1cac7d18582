import type { Attributes, EncodedSpans } from "../tracing/span.ts";
import { ProtoWriter } from "./proto-writer.ts";

/** Who tells: the same for spans, metrics and logs. */
export interface TelemetrySource {
  /** `service.name` and what else is known of this server. */
  readonly resource: Attributes;
  readonly version: string;
}

const scopeName = "llm-platform";

/**
 * An export request of OTLP with all its items of one source: the three kinds have the same form.
 * @param writeItem writes one item as the field that it is given
 */
export function encodeExport<Item>(
  source: TelemetrySource,
  items: readonly Item[],
  writeItem: (writer: ProtoWriter, field: number, item: Item) => void,
): Buffer {
  return encodeRequest(source, (writer) => {
    for (const item of items) writeItem(writer, 2, item);
  });
}

/** The same of spans, which are encoded already. */
export function encodeSpans(source: TelemetrySource, pieces: readonly EncodedSpans[]): Buffer {
  return encodeRequest(source, (writer) => {
    for (const { bytes } of pieces) writer.encoded(bytes);
  });
}

function encodeRequest(
  { resource, version }: TelemetrySource,
  writeItems: (writer: ProtoWriter) => void,
): Buffer {
  const writer = new ProtoWriter();
  writer.message(1, () => {
    writer.message(1, () => {
      for (const [key, value] of Object.entries(resource)) writer.attribute(1, key, value);
    });
    writer.message(2, () => {
      writer.message(1, () => {
        writer.text(1, scopeName);
        writer.text(2, version);
      });
      writeItems(writer);
    });
  });
  return writer.finish();
}
