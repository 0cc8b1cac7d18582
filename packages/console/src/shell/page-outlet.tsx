import { Component, lazy, type ReactNode, Suspense } from "react";
import { Link, Redirect, useLocation } from "wouter";
import { Button } from "../components/button.tsx";
import { EmptyState, Skeleton } from "../components/notice.tsx";
import { PageFrame } from "../components/page.tsx";
import { pages } from "../pages.ts";
import { useCaller, useMay } from "../session/use-session.ts";
import { useText } from "../text/use-text.ts";
import { shellMessages } from "./messages.ts";
import { isWithin } from "./shell.tsx";

/** The code of a page did not come: a server of another version has it no more under this name, or nothing answers. */
class PageNotFetched extends Error {}

const loaded = pages.map((page) => ({
  ...page,
  Page: lazy(async () => {
    try {
      return { default: (await page.load()).Page };
    } catch (cause) {
      throw new PageNotFetched("the page cannot be fetched", { cause });
    }
  }),
}));

/** The page that the address names: fetched when it is first opened, and refused to whom it is not for. */
export function PageOutlet() {
  const say = useText(shellMessages);
  const [location] = useLocation();
  const { role, name } = useCaller();
  const may = useMay();
  const found = loaded.find(({ path }) => isWithin(location, path));
  const [first] = loaded.filter(({ needs }) => may(needs));
  const isAllowed = found !== undefined && may(found.needs);
  if (!isAllowed && location === "/" && first !== undefined) return <Redirect to={first.path} replace />;
  if (found === undefined)
    return (
      <EmptyState
        isPage
        icon="search"
        title={say("not_found_title")}
        text={say("not_found_text")}
        action={<Link href="/">{say("go_home")}</Link>}
      />
    );
  if (!isAllowed)
    return (
      <EmptyState
        isPage
        icon="lock"
        title={say("forbidden_title")}
        text={say("forbidden_text", { role: role ?? name })}
        action={<Link href={first?.path ?? "/account"}>{say("go_home")}</Link>}
      />
    );
  const { Page } = found;
  return (
    <PageBoundary key={found.path}>
      <title>{`${say(found.title)} · ${say("product")}`}</title>
      <Suspense
        fallback={
          <PageFrame title={say(found.title)}>
            <Skeleton lines={8} />
          </PageFrame>
        }
      >
        <Page />
      </Suspense>
    </PageBoundary>
  );
}

interface BoundaryState {
  readonly error: Error | undefined;
}

/** One page that breaks takes nothing else with it. */
class PageBoundary extends Component<{ readonly children: ReactNode }, BoundaryState> {
  override state: BoundaryState = { error: undefined };

  static getDerivedStateFromError(error: Error): BoundaryState {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === undefined ? this.props.children : <BrokenPage error={error} />;
  }
}

function BrokenPage({ error }: { readonly error: Error }) {
  const say = useText(shellMessages);
  const isNotFetched = error instanceof PageNotFetched;
  return (
    <EmptyState
      isPage
      icon="warning"
      title={say(isNotFetched ? "not_fetched_title" : "broken_title")}
      text={isNotFetched ? say("not_fetched_text") : say("broken_text", { reason: error.message })}
      action={
        <Button icon="refresh" onClick={() => window.location.reload()}>
          {say("reload")}
        </Button>
      }
    />
  );
}
