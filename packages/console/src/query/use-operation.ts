import type { ClientError, OperationInput, OperationName, OperationOutput } from "@llm-platform/client";
import {
  type InfiniteData,
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  type UseMutationResult,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
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

/** @param select the rows of a page; one that stays the same is asked about new pages only */
export function usePages<Name extends PagedOperation, Row>(
  name: Name,
  input: OperationInput<Name>,
  select: (page: OperationOutput<Name>) => readonly Row[],
): PagedRows<Row> {
  const session = useSession();
  const may = useMay();
  const { data, isLoading, isFetchingNextPage, error, hasNextPage, fetchNextPage, refetch } =
    useInfiniteQuery<
      OperationOutput<Name>,
      ClientError,
      InfiniteData<OperationOutput<Name>>,
      readonly unknown[],
      string
    >({
      queryKey: [name, "pages", input],
      queryFn: ({ signal, pageParam }) =>
        session.run(name, pageParam === "" ? input : { ...input, cursor: pageParam }, { signal }),
      initialPageParam: "",
      getNextPageParam: (last) => nextCursor(last),
      enabled: may(name),
      placeholderData: keepPreviousData,
    });
  const rows = useMemo(() => data?.pages.flatMap(select) ?? [], [data, select]);
  const loadMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  return {
    rows,
    isLoading,
    isLoadingMore: isFetchingNextPage,
    error,
    hasMore: hasNextPage,
    loadMore,
    // One that is under way goes on: asked again and again, it would never end.
    retry: () => void refetch({ cancelRefetch: false }),
  };
}

function nextCursor(page: object): string | undefined {
  return "next_cursor" in page && typeof page.next_cursor === "string" ? page.next_cursor : undefined;
}
