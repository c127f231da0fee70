/** The pages of the rail, with the letter that follows `g`. Adding a page is one line here and one icon in Frame.tsx. */
export const PAGES = [
  { to: '/runs', title: 'Runs', key: 'r', help: 'All runs: find, group, tag, stop' },
  { to: '/new-run', title: 'New run', key: 'n', help: 'Configure and launch training' },
  { to: '/sandbox', title: 'Sandbox', key: 's', help: 'Isolation, and programs tried by hand' },
] as const;
export type PagePath = (typeof PAGES)[number]['to'];
