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
  const writer = new ProtoWriter();
  return encodeRequest(writer, source, () => {
    for (const item of items) writeItem(writer, 2, item);
  });
}

/**
 * The same of spans, which are encoded already.
 * @param writer whose memory the request is in, until it writes the next one
 */
export function encodeSpans(
  source: TelemetrySource,
  pieces: readonly EncodedSpans[],
  writer = new ProtoWriter(),
): Buffer {
  return encodeRequest(writer, source, () => {
    for (const { bytes } of pieces) writer.encoded(bytes);
  });
}

function encodeRequest(
  writer: ProtoWriter,
  { resource, version }: TelemetrySource,
  writeItems: () => void,
): Buffer {
  writer.reset();
  writer.message(1, () => {
    writer.message(1, () => {
      for (const [key, value] of Object.entries(resource)) writer.attribute(1, key, value);
    });
    writer.message(2, () => {
      writer.message(1, () => {
        writer.text(1, scopeName);
        writer.text(2, version);
      });
      writeItems();
    });
  });
  return writer.finish();
}
