/** The pages of the rail, with the letter that follows `g`. Adding a page is one line here and one icon in Frame.tsx. */
export const PAGES = [
  { to: '/runs', title: 'Runs', key: 'r', help: 'All runs: find, group, tag, stop' },
  { to: '/new-run', title: 'New run', key: 'n', help: 'Configure and launch training' },
  { to: '/compare', title: 'Compare', key: 'c', help: 'Runs side by side, with verdicts' },
  { to: '/lineage', title: 'Lineage', key: 'l', help: 'Where runs come from, and their checkpoints' },
  { to: '/studies', title: 'Studies', key: 't', help: 'Published findings, held against your runs' },
  { to: '/models', title: 'Models', key: 'm', help: 'Policies that runs can start from, and downloading them' },
  { to: '/problems', title: 'Problems', key: 'b', help: 'What is in a problem set, and whether its tests hold' },
  { to: '/reports', title: 'Reports', key: 'p', help: 'Write down what was found, export and verify it' },
  { to: '/sandbox', title: 'Sandbox', key: 's', help: 'Isolation, and programs tried by hand' },
] as const;
export type PagePath = (typeof PAGES)[number]['to'];
