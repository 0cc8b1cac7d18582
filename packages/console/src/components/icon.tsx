/** Paths on a grid of 24, drawn as lines. */
const paths = {
  home: "M3 11.5 12 4l9 7.5M5.5 9.8V20h13V9.8M10 20v-6h4v6",
  plug: "M9 3v5M15 3v5M6.5 8h11v3a5.5 5.5 0 0 1-11 0zM12 16.500V21",
  cube: "M12 3 20 7.500v9L12 21l-8-4.500v-9zM4.200 7.600 12 12l7.800-4.400M12 12v9",
  chat: "M4 5h16v11H10l-4.500 4v-4H4z",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  coins: "M4 20V10M9.300 20V4M14.700 20v-8M20 20V7",
  route:
    "M6 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM18 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM6 15V9.500A3.500 3.500 0 0 1 9.500 6H12M18 9v5.500a3.500 3.500 0 0 1-3.500 3.500H12",
  key: "M14.500 13a4.500 4.500 0 1 0-4.300-3.200L4 16v4h4v-2.500h2.500V15l1.700-1.700c.7.3 1.500.200 2.300-.3zM15.500 8.500h.01",
  people:
    "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20a6.500 6.500 0 0 1 13 0M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.300a6.500 6.500 0 0 1 3.500 5.700",
  scroll: "M6 3.500h9.500L19 7v13.500H6zM15 3.500V7.500h4M9 12h7M9 16h5",
  bell: "M6 16.500V11a6 6 0 1 1 12 0v5.500l1.500 1.500h-15zM10 20.500a2 2 0 0 0 4 0",
  gear: "M12 15.200a3.200 3.200 0 1 0 0-6.400 3.200 3.200 0 0 0 0 6.400zM12 3v2.500M12 18.500V21M3 12h2.500M18.500 12H21M5.600 5.600l1.800 1.800M16.600 16.600l1.800 1.800M18.400 5.600l-1.800 1.800M7.400 16.600l-1.800 1.800",
  flag: "M5 21V4M5 4.500h12l-2.500 4 2.500 4H5",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20.500a7.500 7.500 0 0 1 15 0",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.300 15.300 20.500 20.500",
  check: "M4.500 12.500 10 18 20 6.500",
  cross: "M6 6l12 12M18 6 6 18",
  warning: "M12 4 2.800 20h18.400zM12 10v4.500M12 17.300h.01",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8h.01",
  pause: "M8.500 5v14M15.500 5v14",
  play: "M7 4.500v15l12-7.500z",
  refresh: "M20 5v5h-5M4 19v-5h5M19.500 10A8 8 0 0 0 5.300 7.500M4.500 14a8 8 0 0 0 14.200 2.500",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  lock: "M6 11h12v9.500H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  power: "M12 3v8M6.300 6.800a8 8 0 1 0 11.400 0",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.500 2",
  chevron: "M9 5l7 7-7 7",
  up: "M5 15l7-7 7 7",
  down: "M5 9l7 7 7-7",
  menu: "M4 7h16M4 12h16M4 17h16",
  dots: "M12 5.500h.01M12 12h.01M12 18.500h.01",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z",
  screen: "M3.500 5h17v11h-17zM9 20h6M12 16v4",
  out: "M14 4H5v16h9M10 12h11M17.500 8.500 21 12l-3.500 3.500",
  table: "M4 5h16v14H4zM4 10h16M10 10v9",
  chart: "M4 19h16M5 15l4.500-5 4 3L19 6",
  wrench:
    "M14.500 6.500a4 4 0 0 1 5-1.500l-2.800 2.800 1.500 1.500L21 6.500a4.500 4.500 0 0 1-6 5.500l-7.500 8-3-3 8-7.500a4.500 4.500 0 0 1 2-3z",
  bolt: "M13 2.500 5 13.500h6l-1 8 8-11h-6z",
  server: "M4 5h16v6H4zM4 13h16v6H4zM7.500 8h.01M7.500 16h.01",
  spinner: "M12 3a9 9 0 1 0 9 9",
} as const;

export type IconName = keyof typeof paths;

/** A drawing beside a text that says the same; readers who do not see it miss nothing. */
export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
