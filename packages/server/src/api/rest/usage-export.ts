import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { z } from "zod";
import { checkInput } from "../../control/operation.ts";
import { recordColumns, recordFilter, toFilter, toUsageRow } from "../../control/usage-records.ts";
import { formatCsvLine } from "../../core/csv.ts";
import type { LedgerRecord } from "../../core/ledger-record.ts";
import type { LedgerCursor, LedgerTable } from "../../store/ledger-table.ts";
import type { StreamRoute } from "./server.ts";

const exportInput = z.strictObject({ ...recordFilter, format: z.enum(["csv", "json"]).default("csv") });

/** Records that memory holds at a time. */
const recordsPerPage = 500;

/** How records become a file: what stands before, between and behind them. */
interface Format {
  readonly contentType: string;
  readonly head: string;
  readonly tail: string;
  format(record: LedgerRecord, isFirst: boolean): string;
}

const formats: Readonly<Record<"csv" | "json", Format>> = {
  csv: {
    contentType: "text/csv; charset=utf-8",
    head: formatCsvLine(recordColumns),
    tail: "",
    format(record) {
      const row = toUsageRow(record);
      return formatCsvLine(recordColumns.map((column) => row[column]));
    },
  },
  json: {
    contentType: "application/json; charset=utf-8",
    head: "[",
    tail: "\n]\n",
    format: (record, isFirst) => `${isFirst ? "" : ","}\n${JSON.stringify(toUsageRow(record))}`,
  },
};

/**
 * `GET /api/v1/usage/export`: the records of a time as one file, oldest first, page by page, so that it may be larger
 * than the memory. Records that begin after the request are not in it. A file that could not be read to its end is cut.
 */
export function createUsageExport(ledger: Pick<LedgerTable, "list">, nowMs: () => number): StreamRoute {
  return {
    method: "GET",
    path: "/api/v1/usage/export",
    permission: "usage.read",
    audit: "reads",
    accepts: () => true,
    async handle(request, reply, signal) {
      const { format: name, ...filter } = checkInput(exportInput, request.query);
      const format = formats[name];
      const query = { ...toFilter(filter), order: "earliest", limit: recordsPerPage } as const;
      const untilMs = Math.min(query.untilMs ?? Number.POSITIVE_INFINITY, nowMs());
      // The first page comes before the head of the reply, so that a database that fails is told as an error.
      let page = await ledger.list({ ...query, untilMs });
      const { raw } = reply.hijack();
      raw.writeHead(200, {
        "content-type": format.contentType,
        "content-disposition": `attachment; filename="usage.${name}"`,
        "cache-control": "no-store",
        "x-request-id": request.id,
      });
      if (request.method === "HEAD") {
        raw.end();
        return;
      }
      try {
        let isFirst = true;
        await write(raw, format.head, signal);
        for (;;) {
          const lines = page.records.map((record) => {
            const line = format.format(record, isFirst);
            isFirst = false;
            return line;
          });
          await write(raw, lines.join(""), signal);
          const cursor: LedgerCursor | null = page.nextCursor;
          if (cursor === null) break;
          page = await ledger.list({ ...query, untilMs, cursor });
        }
        raw.end(format.tail);
      } catch {
        // The head is out, so that the client can only be told by a file that breaks off.
        raw.destroy();
      }
    },
  };
}

/** Resolves when the client has room for more; rejects when it has gone. */
async function write(raw: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!raw.write(text)) await once(raw, "drain", { signal });
}
