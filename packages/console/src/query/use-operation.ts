import type { ClientError, OperationInput, OperationName, OperationOutput } from "@llm-platform/client";
import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  type UseMutationResult,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from "@tanstack/react-query";
import { useMay, useSession } from "../session/use-session.ts";

interface ReadOptions {
  /** False to ask for nothing yet. Default: true, for those who may. */
  readonly isEnabled?: boolean;
  /** Asks again after this many milliseconds. Default: when an event says that something has changed. */
  readonly refreshMs?: number;
}

/** What an operation that only reads answers. It is asked anew after changes; a reader who may not asks nothing. */
export function useOperation<Name extends OperationName>(
  name: Name,
  input: OperationInput<Name>,
  { isEnabled = true, refreshMs }: ReadOptions = {},
): UseQueryResult<OperationOutput<Name>, ClientError> {
  const session = useSession();
  const may = useMay();
  return useQuery<OperationOutput<Name>, ClientError>({
    queryKey: [name, input],
    queryFn: ({ signal }) => session.run(name, input, { signal }),
    enabled: isEnabled && may(name),
    placeholderData: keepPreviousData,
    ...(refreshMs === undefined ? {} : { refetchInterval: refreshMs }),
  });
}

/** Makes a change. When it was made, everything that is shown is asked for anew. */
export function useChange<Name extends OperationName>(
  name: Name,
): UseMutationResult<OperationOutput<Name>, ClientError, OperationInput<Name>> {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation<OperationOutput<Name>, ClientError, OperationInput<Name>>({
    // What takes long tells of itself in events; it has no deadline.
    mutationFn: (input) => session.run(name, input, { timeoutMs: undefined }),
    onSuccess: () => queries.invalidateQueries(),
  });
}

type Paged<Name extends OperationName> =
  OperationOutput<Name> extends { readonly next_cursor: string | null } ? Name : never;

/** Operations whose answers come in pages. */
export type PagedOperation = { [Name in OperationName]: Paged<Name> }[OperationName];

/** A list that comes in pages, as far as it was read. */
export interface PagedRows<Row> {
  readonly rows: readonly Row[];
  readonly isLoading: boolean;
  readonly isLoadingMore: boolean;
  readonly error: ClientError | null;
  readonly hasMore: boolean;
  loadMore(): void;
  retry(): void;
}

/** @param select the rows of a page */
export function usePages<Name extends PagedOperation, Row>(
  name: Name,
  input: OperationInput<Name>,
  select: (page: OperationOutput<Name>) => readonly Row[],
): PagedRows<Row> {
  const session = useSession();
  const may = useMay();
  const query = useInfiniteQuery<
    OperationOutput<Name>,
    ClientError,
    readonly OperationOutput<Name>[],
    readonly unknown[],
    string
  >({
    queryKey: [name, "pages", input],
    queryFn: ({ signal, pageParam }) =>
      session.run(name, pageParam === "" ? input : { ...input, cursor: pageParam }, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => nextCursor(last),
    select: ({ pages }) => pages,
    enabled: may(name),
    placeholderData: keepPreviousData,
  });
  const { data = [], isLoading, isFetchingNextPage, error, hasNextPage } = query;
  return {
    rows: data.flatMap(select),
    isLoading,
    isLoadingMore: isFetchingNextPage,
    error,
    hasMore: hasNextPage,
    loadMore: () => void query.fetchNextPage(),
    retry: () => void query.refetch(),
  };
}

function nextCursor(page: object): string | undefined {
  return "next_cursor" in page && typeof page.next_cursor === "string" ? page.next_cursor : undefined;
}
