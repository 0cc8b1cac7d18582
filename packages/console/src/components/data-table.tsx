import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";
import { useText } from "../text/use-text.ts";
import { Button } from "./button.tsx";
import styles from "./data-table.module.css";
import { joinNames } from "./join-names.ts";
import { componentMessages } from "./messages.ts";
import { ErrorState, Skeleton } from "./notice.tsx";

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  readonly isNumber?: boolean;
  cell(row: Row): ReactNode;
}

interface DataTableProps<Row> {
  /** Says what the rows are, to who does not see the page around it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  keyOf(row: Row): string;
  /** Makes the first column open a row. */
  onOpen?(row: Row): void;
  /** What stands there when there are no rows. */
  readonly empty: ReactNode;
  readonly isLoading?: boolean;
  readonly error?: Error | null;
  onRetry?(): void;
  /** Where more rows can be had. */
  readonly more?: { readonly hasMore: boolean; readonly isLoading: boolean; load(): void };
}

const rowHeight = 41;
/** So many rows from the end the next page is fetched. */
const lookAhead = 15;

/** Rows of any number: only those in sight are drawn, and pages are fetched as one comes to their end. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, keyOf, onOpen, empty, isLoading = false, error, onRetry, more } = props;
  const say = useText(componentMessages);
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 10,
    initialRect: { width: 0, height: rowHeight * 20 },
  });
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  const isNearEnd = more?.hasMore === true && !more.isLoading && lastShown >= rows.length - lookAhead;
  const loadMore = more?.load;
  useEffect(() => {
    if (isNearEnd) loadMore?.();
  }, [isNearEnd, loadMore]);

  if (error !== null && error !== undefined && rows.length === 0)
    return <ErrorState error={error} {...(onRetry === undefined ? {} : { onRetry })} />;
  if (isLoading) return <Skeleton lines={6} />;
  if (rows.length === 0) return <>{empty}</>;
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div>
      <div ref={frame} className={styles["frame"]} tabIndex={0} role="group" aria-label={caption}>
        <table className={styles["table"]} aria-rowcount={rows.length + 1}>
          <thead>
            <tr>
              {columns.map(({ key, title, isNumber }) => (
                <th key={key} scope="col" className={isNumber === true ? styles["number"] : undefined}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Gap height={before} columns={columns.length} />
            {items.map(({ index }) => {
              const row = rows[index];
              return row === undefined ? null : (
                <TableRow key={keyOf(row)} index={index} row={row} columns={columns} onOpen={onOpen} />
              );
            })}
            <Gap height={after} columns={columns.length} />
          </tbody>
        </table>
      </div>
      <div className={styles["foot"]}>
        <span>{say("rows", { count: rows.length })}</span>
        {more?.hasMore === true ? (
          <Button look="quiet" isBusy={more.isLoading} onClick={more.load}>
            {say("load_more")}
          </Button>
        ) : null}
      </div>
    </div>
  );
}

function Gap({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    <tr className={styles["gap"]} aria-hidden="true">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

interface TableRowProps<Row> {
  readonly index: number;
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly onOpen: ((row: Row) => void) | undefined;
}

function TableRow<Row>({ index, row, columns, onOpen }: TableRowProps<Row>) {
  return (
    <tr aria-rowindex={index + 2}>
      {columns.map(({ key, isNumber, cell }, at) => (
        <td key={key} className={joinNames(isNumber === true ? styles["number"] : undefined)}>
          {at === 0 && onOpen !== undefined ? (
            <button type="button" className={styles["open"]} onClick={() => onOpen(row)}>
              {cell(row)}
            </button>
          ) : (
            cell(row)
          )}
        </td>
      ))}
    </tr>
  );
}
