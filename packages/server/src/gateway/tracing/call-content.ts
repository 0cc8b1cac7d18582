import type { JsonObject } from "@llm-platform/kit";
import type { LedgerRecord } from "../../core/ledger-record.ts";
import { encodeEvent } from "../../telemetry/otlp/encode-event.ts";
import { ProtoWriter } from "../../telemetry/otlp/proto-writer.ts";
import {
  type AttributeNames,
  attributeNamesOf,
  contentEventName,
  operationNames,
} from "../../telemetry/tracing/attribute-names.ts";
import type { ActiveTracing, ContentSettings } from "../../telemetry/tracing/tracing.ts";
import { toRequestObject } from "../request-object.ts";
import { ContentFitter, type Fitted } from "./fit-content.ts";
import { readInput } from "./input-messages.ts";
import type { EndedCall, TracedCall } from "./traced-call.ts";

type ContentName = "inputMessages" | "outputMessages" | "systemInstructions";

/** What is recorded of the content of a call. */
export interface RecordedContent {
  readonly attributes: readonly (readonly [name: ContentName, value: readonly JsonObject[]])[];
  /** Those of the attributes that do not show all, by their names in traces. */
  readonly truncated: readonly string[];
}

/** A body that is larger is not read for its content. */
const largestBodyBytes = 8 * 1024 * 1024;

/** Records the content of calls that have ended. */
export class CallContent {
  readonly #active: ActiveTracing;
  readonly #settings: ContentSettings;
  readonly #names: AttributeNames;
  readonly #fitter: ContentFitter;
  readonly #writer = new ProtoWriter();

  constructor(active: ActiveTracing, settings: ContentSettings) {
    this.#active = active;
    this.#settings = settings;
    this.#names = attributeNamesOf(active.settings.conventions);
    this.#fitter = new ContentFitter(settings.maxBytes, active.secrets);
  }

  /** Tells the event of a call, where there is to be one. Returns what its span shows. Never waits, and never throws. */
  record(ended: EndedCall, record: LedgerRecord): RecordedContent | undefined {
    const content = this.#read(ended);
    if (this.#settings.inEvents) this.#active.taker.takeEvent(this.#toEvent(ended, record, content));
    return this.#settings.inSpans ? content : undefined;
  }

  #read({ call, trace: { output } }: EndedCall): RecordedContent {
    const attributes: [ContentName, readonly JsonObject[]][] = [];
    const truncated: string[] = [];
    const add = (name: ContentName, { value, isTruncated }: Fitted) => {
      if (value.length > 0) attributes.push([name, value]);
      if (isTruncated) truncated.push(this.#names[name]);
    };
    const body = bodyOf(call);
    if (body === undefined) truncated.push(this.#names.inputMessages);
    else {
      const { system, messages } = readInput(body);
      add("systemInstructions", this.#fitter.parts(system));
      add("inputMessages", this.#fitter.messages(messages));
    }
    if (output !== undefined) {
      const { value, isTruncated } = this.#fitter.messages(output.messages(this.#active.secrets));
      add("outputMessages", { value, isTruncated: isTruncated || output.isFull });
    }
    return { attributes, truncated };
  }

  #toEvent({ call, trace, end }: EndedCall, record: LedgerRecord, content: RecordedContent): Uint8Array {
    const names = this.#names;
    const { attributes, truncated } = content;
    return encodeEvent(this.#writer, {
      name: contentEventName,
      traceId: trace.traceId,
      spanId: end.callSpanId,
      atMs: end.epochMs + end.endedAtMs,
      attributes: [
        [names.operation, operationNames[call.operation]],
        [names.provider, record.provider],
        [names.requestModel, call.head.model],
        [names.requestId, call.id],
        [names.inputTokens, record.inputTokens ?? undefined],
        [names.outputTokens, record.outputTokens ?? undefined],
        [names.errorType, end.error?.code],
        ...attributes.map(([name, value]) => [names[name], value] as const),
        [names.truncatedContent, truncated.length === 0 ? undefined : truncated],
      ],
    });
  }
}

/** Undefined for a body that is not read. */
function bodyOf(call: TracedCall): JsonObject | undefined {
  if (call.body.length > largestBodyBytes) return undefined;
  try {
    return toRequestObject(call.json());
  } catch {
    // What is no JSON went no further than to the upstream, which said so.
    return undefined;
  }
}
