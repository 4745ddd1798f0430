/** Draws the icons of the console: lines of one width on a grid of 24. */
const paths = {
  city: 'M3 21h18M5 21V9l5-3v15M10 21V4l9 4v13M14 11h1M14 15h1M7 12h0M7 16h0',
  dashboards: 'M4 20V10M10 20V4M16 20v-7M22 20H2',
  data: 'M4 6c0-4 16-4 16 0s-16 4-16 0v12c0 4 16 4 16 0V6M4 12c0 4 16 4 16 0',
  operate: 'M4 7h10M18 7h2M4 17h2M10 17h10M14 4v6M6 14v6',
  explore: 'M10 4a6 6 0 1 1 0 12a6 6 0 0 1 0-12M14.5 14.5L21 21',
  parking: 'M6 21V3h7a5.5 5.5 0 0 1 0 11H6',
  mobility: 'M4 17V9l2-4h12l2 4v8M4 12h16M6 17v2M18 17v2M7.5 14.5h0M16.5 14.5h0',
  energy: 'M13 2L5 14h6l-1 8l8-12h-6z',
  water: 'M12 3c4 5 6 8 6 11a6 6 0 0 1-12 0c0-3 2-6 6-11z',
  lighting: 'M9 18h6M10 21h4M12 3a6 6 0 0 1 4 10.5c-.7.7-1 1.5-1 2.5H9c0-1-.3-1.8-1-2.5A6 6 0 0 1 12 3z',
  environment: 'M5 20c0-9 5-15 15-16c0 10-5 15-12 15M5 20c2-5 5-8 9-10',
  alert: 'M12 3l10 18H2zM12 10v5M12 18h0',
  other: 'M12 3l9 5v8l-9 5l-9-5V8zM3 8l9 5l9-5M12 13v8',
  back: 'M15 5l-7 7l7 7',
  key: 'M8 11a4.5 4.5 0 1 1 0 .1M12 11h9v4M17 11v3',
  settings: 'M4 6h16M4 12h16M4 18h16M9 4v4M15 10v4M7 16v4',
  clock: 'M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18M12 7v5l3 3',
  edit: 'M4 20l1-5L16 4l4 4L9 19z',
} as const;

export type IconName = keyof typeof paths;

/** Icons are decoration: words beside them say the same. */
export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
);
