import { memo, type ReactNode, useEffect, useRef } from "react";
import { useText } from "../text/use-text.ts";
import { Button } from "./button.tsx";
import styles from "./data-table.module.css";
import { joinNames } from "./join-names.ts";
import { componentMessages } from "./messages.ts";
import { ErrorState, Skeleton } from "./notice.tsx";
import { useRowWindow } from "./use-row-window.ts";

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  readonly isNumber?: boolean;
  cell(row: Row): ReactNode;
}

export interface DataTableProps<Row> {
  /** Says what the rows are, to who does not see the page around it. */
  readonly caption: string;
  /** Where they stay the same object, rows that did not change are not drawn anew. */
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

/** The next page is fetched when an eighth of the rows is left, and no more than so many. */
const mostLookAhead = 100;

/** More rows than the frame has room for, whatever the window. */
const tallRows = 18;
/** No letters are so wide that so many need to be cut off. Each cell that may cut off its text takes longer to paint. */
const shortText = 28;

/** Rows of any number: only those in sight are drawn, and pages are fetched as one comes to their end. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { rows, empty, isLoading = false, error, onRetry, more } = props;
  const say = useText(componentMessages);
  if (error !== null && error !== undefined && rows.length === 0)
    return <ErrorState error={error} {...(onRetry === undefined ? {} : { onRetry })} />;
  if (isLoading) return <Skeleton lines={6} />;
  if (rows.length === 0) return <>{empty}</>;
  return (
    <div>
      <Rows {...props} />
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

/** The frame that scrolls. What scrolling changes is known in here alone. */
function Rows<Row>({ caption, columns, rows, keyOf, onOpen, more }: DataTableProps<Row>) {
  const frame = useRef<HTMLDivElement>(null);
  const { first, end, before, after } = useRowWindow(frame, rows.length);
  const opening = onOpen === undefined ? {} : { onOpen };
  const lookAhead = Math.min(mostLookAhead, rows.length / 8);
  const isNearEnd = more?.hasMore === true && !more.isLoading && end >= rows.length - lookAhead;
  const loadMore = more?.load;
  useEffect(() => {
    if (isNearEnd) loadMore?.();
  }, [isNearEnd, loadMore]);
  return (
    <div
      ref={frame}
      className={joinNames(styles["frame"], rows.length < tallRows ? undefined : styles["tall"])}
      tabIndex={0}
      role="group"
      aria-label={caption}
    >
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
          {rows.slice(first, end).map((row, at) => (
            <TableRow key={keyOf(row)} index={first + at} row={row} columns={columns} {...opening} />
          ))}
          <Gap height={after} columns={columns.length} />
        </tbody>
      </table>
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
  onOpen?(row: Row): void;
}

/** Drawn anew when it is another row, and not because others come and go. */
const TableRow = memo(function TableRow<Row>({ index, row, columns, onOpen }: TableRowProps<Row>) {
  return (
    <tr aria-rowindex={index + 2}>
      {columns.map(({ key, isNumber, cell }, at) => {
        const content = cell(row);
        return (
          <td
            key={key}
            className={joinNames(
              isNumber === true ? styles["number"] : undefined,
              isShort(content) ? undefined : styles["clipped"],
            )}
          >
            {at === 0 && onOpen !== undefined ? (
              <button type="button" className={styles["open"]} onClick={() => onOpen(row)}>
                {content}
              </button>
            ) : (
              content
            )}
          </td>
        );
      })}
    </tr>
  );
});

function isShort(content: ReactNode): boolean {
  return typeof content === "string" && content.length <= shortText;
}
