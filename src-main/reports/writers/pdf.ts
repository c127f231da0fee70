/** The page of html.ts as it prints. */
import { htmlPage } from './html.ts';
import { BASE, type Writer } from './writer.ts';

export const pdf: Writer = {
  format: 'pdf',
  title: 'PDF',
  isExact: false,
  write: async (report, { printPdf }) => [
    { name: `${BASE}.pdf`, type: 'application/pdf', content: await printPdf(htmlPage(report)) },
  ],
};
