/** A report as files: the page, a print, or what a paper or a spreadsheet takes. */
import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { Report, ReportFormat } from '../../../src-shared/report.ts';
import { notifyFailure } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { download } from '../../lib/csv.ts';
import { bytesOf, downloadName } from '../../lib/reports/files.ts';

const FORMATS: Readonly<Record<ReportFormat, { readonly title: string; readonly help: string }>> = {
  html: { title: 'HTML', help: 'One page that needs nothing else' },
  pdf: { title: 'PDF', help: 'Printed by the browser of this machine' },
  md: { title: 'Markdown', help: 'Text, tables and figures' },
  tex: { title: 'LaTeX', help: 'Source, tables and figures' },
  csv: { title: 'CSV', help: 'Every number with its provenance' },
};

export function ExportMenu({ report }: { report: Report }) {
  const api = useApi();
  const work = useMutation({
    mutationFn: (format: ReportFormat) => api.exportReport({ report, format, packed: true }),
    onSuccess: ({ files }) => {
      for (const file of files) download(downloadName(file, report.title), bytesOf(file.base64), file.type);
    },
    onError: (error, format) => notifyFailure(`Export to ${FORMATS[format].title}`, error),
  });
  return (
    <Menu width={260}>
      <Menu.Target>
        <Button
          loading={work.isPending}
          leftSection={<IconDownload size={14} />}
          rightSection={<IconChevronDown size={14} />}
        >
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(FORMATS) as ReportFormat[]).map((format) => (
          <Menu.Item key={format} onClick={() => work.mutate(format)}>
            {FORMATS[format].title}
            <span className="faint"> · {FORMATS[format].help}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
