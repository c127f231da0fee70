/** The formats of reports. One line a member. */
import type { ReportFormat } from '../../../src-shared/report.ts';
import { csv } from './csv.ts';
import { html } from './html.ts';
import { tex } from './latex.ts';
import { md } from './markdown.ts';
import { pdf } from './pdf.ts';
import type { Writer } from './writer.ts';

export const writers: { readonly [F in ReportFormat]: Writer } = { html, pdf, md, tex, csv };
