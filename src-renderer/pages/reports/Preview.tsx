/**
 * A report as it will print: the page that is exported, in a frame of its own. What comes from runs and from people is
 * in there, so nothing in the frame may run: its sandbox allows no script, no form, no window and no way to another
 * page. It shares our origin only so that its height can be read and its print styles be switched on.
 */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useLayoutEffect, useRef, useState } from 'react';
import type { Report } from '../../../src-shared/report.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { textOf } from '../../lib/reports/files.ts';
import css from './Preview.module.css';

export function Preview({ report }: { report: Report }) {
  const api = useApi();
  const page = useQuery({
    queryKey: ['report-page', report],
    queryFn: async () => {
      const { files } = await api.exportReport({ report, format: 'html' });
      return textOf(files[0]?.base64 ?? '');
    },
    placeholderData: keepPreviousData,
    gcTime: 60_000,
  });
  // A failure leaves standing what was there.
  const [shown, setShown] = useState<string | null>(null);
  if (page.data !== undefined && page.data !== shown) setShown(page.data);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by key
    <section className={`${css.desk} scroll`} tabIndex={0} aria-label="Preview">
      <p className={css.state} role="status">
        {page.isFetching ? (shown === null ? 'Reading the runs…' : 'Updating…') : ''}
      </p>
      {page.isError ? <ErrorView error={page.error} onRetry={() => void page.refetch()} /> : null}
      {shown === null ? null : <Paper html={shown} />}
    </section>
  );
}

const MOST_SHRUNK = 0.5;

function Paper({ html }: { html: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [isReady, setReady] = useState(false);
  const [height, setHeight] = useState<number | null>(null);
  useLayoutEffect(() => {
    const page = frame.current?.contentDocument;
    if (!isReady || page === null || page === undefined) return;
    // In place of a navigation: nothing flashes, and the reader stays where they are.
    const next = new DOMParser().parseFromString(html, 'text/html');
    // Paper has no links.
    for (const link of next.links) link.removeAttribute('href');
    page.replaceChild(page.adoptNode(next.documentElement), page.documentElement);
    for (const sheet of page.styleSheets) for (const rule of sheet.cssRules) if (isMediaRule(rule)) asPrinted(rule);
    const { documentElement: root } = page;
    // As a browser does that prints what is wider than its paper.
    root.style.zoom = String(Math.max(MOST_SHRUNK, root.clientWidth / root.scrollWidth));
    setHeight(root.getBoundingClientRect().height);
  }, [html, isReady]);
  return (
    <iframe
      ref={frame}
      className={css.paper}
      title="The report as it will print"
      sandbox="allow-same-origin"
      srcDoc="<!doctype html><html><body></body></html>"
      style={{ height: height ?? 600 }}
      onLoad={() => setReady(true)}
    />
  );
}

/** By its form: the frame has classes of its own. */
const isMediaRule = (rule: CSSRule): rule is CSSMediaRule => 'media' in rule;

/** Print rules hold, those of a screen or of the dark do not. */
function asPrinted({ media }: CSSMediaRule): void {
  media.mediaText = media.mediaText === 'print' ? 'all' : 'not all';
}
