import {
  type CSSProperties,
  Fragment,
  memo,
  type ReactNode,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useText } from "../text/use-text.ts";
import { Button } from "./button.tsx";
import styles from "./data-table.module.css";
import { joinNames } from "./join-names.ts";
import { componentMessages } from "./messages.ts";
import { ErrorState, Skeleton } from "./notice.tsx";
import { noPlaces, placeRows, type RowPlaces } from "./row-places.ts";
import { useRowWindow } from "./use-row-window.ts";
import { type TableSizes, useTableSizes } from "./use-table-sizes.ts";

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  readonly isNumber?: boolean;
  /** Whether what `cell` makes keeps no state of its own, so that it may be drawn into what another row has left. */
  readonly isStateless?: boolean;
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
  const isTall = rows.length >= tallRows;
  const sizes = useTableSizes(frame, { columns, rows, isTall });
  const { first, end, before, after, isMoving } = useRowWindow(frame, rows.length, sizes);
  const shown = rows.slice(first, end);
  const isMeasured = sizes.columns !== undefined;
  const places = usePlaces(shown.map(keyOf), isMoving && isMeasured);
  const focus = useFocusOfRows(frame, places);
  const byPlace = new Map(shown.map((row, at) => [places.byKey.get(keyOf(row)), { row, index: first + at }]));
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
      className={joinNames(styles["frame"], isTall ? styles["tall"] : undefined)}
      tabIndex={0}
      role="group"
      aria-label={caption}
    >
      <table
        className={joinNames(
          styles["table"],
          isMeasured ? styles["measured"] : undefined,
          isMoving ? styles["moving"] : undefined,
        )}
        style={toStyle(sizes)}
        role="table"
        aria-rowcount={rows.length + 1}
        onFocus={({ target }) => focus(shown[readIndex(target) - first], keyOf)}
        onBlur={() => focus(undefined, keyOf)}
      >
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ key, title, isNumber }) => (
              <th
                key={key}
                scope="col"
                role="columnheader"
                className={isNumber === true ? styles["number"] : undefined}
              >
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" style={isMeasured ? { height: rows.length * sizes.row } : undefined}>
          <Gap height={isMeasured ? 0 : before} columns={columns.length} />
          {places.order.map((place) => {
            const { row, index } = byPlace.get(place) ?? {};
            return row === undefined || index === undefined ? null : (
              <TableRow
                key={place}
                rowKey={keyOf(row)}
                index={index}
                top={isMeasured ? index * sizes.row : undefined}
                row={row}
                columns={columns}
                {...opening}
              />
            );
          })}
          <Gap height={isMeasured ? 0 : after} columns={columns.length} />
        </tbody>
      </table>
    </div>
  );
}

function usePlaces(keys: readonly string[], isMoving: boolean): RowPlaces {
  const [before, setPlaces] = useState(noPlaces);
  const places = placeRows(before, keys, isMoving);
  if (places !== before) setPlaces(places);
  return places;
}

/** Where the row that has the focus leaves, the table has it: another row that takes its element must not. */
function useFocusOfRows(frame: RefObject<HTMLElement | null>, places: RowPlaces) {
  const focused = useRef<string>(undefined);
  useLayoutEffect(() => {
    if (focused.current === undefined || places.byKey.has(focused.current)) return;
    frame.current?.focus({ preventScroll: true });
  }, [frame, places]);
  return <Row,>(row: Row | undefined, keyOf: (row: Row) => string) => {
    focused.current = row === undefined ? undefined : keyOf(row);
  };
}

/** Of the row that an element is in. */
function readIndex(element: Element): number {
  return Number(element.closest("tr")?.getAttribute("aria-rowindex") ?? Number.NaN) - 2;
}

type MeasuredStyle = CSSProperties & Readonly<Record<"--columns" | "--row", string>>;

/** With widths that are known a row is a grid by itself, and not the browser's table any more; hence the roles. */
function toStyle({ row, columns }: TableSizes): MeasuredStyle | undefined {
  if (columns === undefined) return undefined;
  const px = (size: number) => `${size}px`;
  const width = columns.reduce((sum, each) => sum + each, 0);
  return { width, "--columns": columns.map(px).join(" "), "--row": px(row) };
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
  readonly rowKey: string;
  readonly index: number;
  /** In pixels, where it stands by itself. */
  readonly top: number | undefined;
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  onOpen?(row: Row): void;
}

/** Drawn anew when it is another row, and not because others come and go. */
const TableRow = memo(function TableRow<Row>(props: TableRowProps<Row>) {
  const { rowKey, index, top, row, columns, onOpen } = props;
  return (
    <tr role="row" aria-rowindex={index + 2} style={top === undefined ? undefined : { top }}>
      {columns.map(({ key, isNumber, isStateless, cell }, at) => {
        const content = cell(row);
        return (
          <td
            key={key}
            role="cell"
            className={joinNames(
              isNumber === true ? styles["number"] : undefined,
              isShort(content) ? undefined : styles["clipped"],
            )}
          >
            <Fragment key={isStateless === true || typeof content === "string" ? key : rowKey}>
              {at === 0 && onOpen !== undefined ? (
                <button type="button" className={styles["open"]} onClick={() => onOpen(row)}>
                  {content}
                </button>
              ) : (
                content
              )}
            </Fragment>
          </td>
        );
      })}
    </tr>
  );
});

function isShort(content: ReactNode): boolean {
  return typeof content === "string" && content.length <= shortText;
}
