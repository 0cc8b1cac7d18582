import type { PagedRows } from "../query/use-operation.ts";
import { DataTable, type DataTableProps } from "./data-table.tsx";

interface PagedTableProps<Row>
  extends Pick<DataTableProps<Row>, "caption" | "columns" | "keyOf" | "onOpen" | "empty"> {
  readonly pages: PagedRows<Row>;
  /** Where not all that was read is shown, or more. */
  readonly rows?: readonly Row[];
}

/** A table of a list that comes in pages: the next is read as one comes to the end. */
export function PagedTable<Row>({ pages, rows = pages.rows, ...table }: PagedTableProps<Row>) {
  return (
    <DataTable
      {...table}
      rows={rows}
      isLoading={pages.isLoading}
      error={pages.error}
      onRetry={pages.retry}
      more={{ hasMore: pages.hasMore, isLoading: pages.isLoadingMore, load: pages.loadMore }}
    />
  );
}
