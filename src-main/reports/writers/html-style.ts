/** The look of a report's page: on screen in light and dark, and in print. */
import { CHART_COLOURS } from '../../../src-shared/charts/colours.ts';
import { RUN_COLOURS } from '../../../src-shared/charts/palette.ts';

/** Drawings come in the colours of the light scheme; a style sheet is stronger than their attributes. */
function darkDrawings(): string {
  const { light, dark } = CHART_COLOURS;
  const pairs: (readonly [string, string])[] = [
    [light.text, dark.text],
    [light.line, dark.line],
    [light.grid, dark.grid],
    ['#fff', dark.surface],
    ...RUN_COLOURS.light.map((colour, i) => [colour, RUN_COLOURS.dark[i] ?? colour] as const),
  ];
  return pairs
    .filter(([from, to]) => from !== to)
    .map(([from, to]) => `svg [fill="${from}"]{fill:${to}} svg [stroke="${from}"]{stroke:${to}}`)
    .join('\n');
}

export const STYLE = `
:root{--ink:#1b1f24;--soft:#5b6470;--rule:#1b1f24;--faint:#d9dde3;--page:#fff;--code:#f5f6f8;--good:#00684c;--bad:#a8400a;
--serif:Charter,"Bitstream Charter","Source Serif 4","Iowan Old Style",Palatino,"Palatino Linotype",Georgia,"DejaVu Serif",serif;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;
--mono:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
*{box-sizing:border-box}
html{background:var(--page);color:var(--ink)}
body{margin:0;font:17px/1.55 var(--serif)}
article{max-width:60rem;margin:0 auto;padding:3.5rem 2rem 5rem}
header{border-bottom:1px solid var(--faint);margin-bottom:1.6rem;padding-bottom:.9rem}
h1{font-size:2rem;line-height:1.2;margin:0;font-weight:600}
h2{font-size:1.25rem;line-height:1.3;margin:2.6rem 0 .7rem;font-weight:600}
h3{font:600 .92rem/1.4 var(--sans);margin:1.6rem 0 .2rem}
p,.prose{max-width:46rem;margin:0 0 .9rem}
.byline,.facts{font:.86rem/1.5 var(--sans);color:var(--soft);margin:.5rem 0 0}
data{font-variant-numeric:tabular-nums lining-nums}
p data{white-space:nowrap}
p data[data-says]{white-space:normal}
.ci{color:var(--soft)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font:.8rem/1.45 var(--sans);border-top:2px solid var(--rule);border-bottom:2px solid var(--rule);min-width:50%}
figcaption b{color:var(--ink)}
thead{border-bottom:1px solid var(--rule)}
th{font-weight:600;text-align:left;padding:.35rem .8rem .35rem 0;vertical-align:bottom}
td{padding:.28rem .8rem .28rem 0;vertical-align:top}
tbody tr+tr td{border-top:1px solid var(--faint)}
th:last-child,td:last-child{padding-right:0}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums lining-nums}
th.number{white-space:normal;min-width:4.5rem}
td.text{white-space:nowrap}
td.wide{min-width:13rem;max-width:24rem;overflow-wrap:anywhere}
td.number .ci{font-size:.92em}
td data[data-says=same],td data[data-says=higher]{color:var(--good);font-weight:600}
td data[data-says=different],td data[data-says=lower]{color:var(--bad);font-weight:600}
figure{margin:1.8rem 0 2.1rem}
figure svg{width:100%;height:auto;max-width:46rem;display:block}
figcaption{font:.86rem/1.5 var(--sans);color:var(--soft);max-width:46rem;margin-top:.35rem}
.table figcaption{max-width:54rem;margin:0 0 .55rem}
.from{white-space:nowrap}
pre,code{font-family:var(--mono);font-size:.82em}
pre{background:var(--code);padding:.75rem .9rem;margin:.5rem 0;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.45;font-size:.78rem;border-radius:3px}
pre.prompt{background:none;border-left:3px solid var(--faint);color:var(--soft);border-radius:0}
.sources td.runs span{display:inline-block;white-space:nowrap;margin-right:1.1rem}
.sources p{font-size:.92rem}
a{color:inherit}
@media (prefers-color-scheme:dark){@media screen{
:root{--ink:#e3e6ea;--soft:#9aa4b0;--rule:#c3c9d1;--faint:#2c3138;--page:#16191d;--code:#1e2227;--good:#3fc79a;--bad:#f09a63}
${darkDrawings()}
}}
@media print{
@page{size:A4;margin:18mm 17mm}
body{font-size:10pt;line-height:1.42}
article{max-width:none;padding:0}
h1{font-size:17pt}h2{font-size:12.5pt;break-after:avoid;margin-top:1.6em}h3{break-after:avoid}
p,.prose,figcaption,.table figcaption,figure svg{max-width:none}
table{font-size:7.6pt;width:100%}
figcaption,.byline,.facts{font-size:8.2pt}
.scroll{overflow:visible}
figure{margin:1em 0 1.4em}
.table figcaption{break-after:avoid}
td.wide{min-width:0;max-width:none}
th,td{padding-right:.7em}
td.text{white-space:normal}
thead{display:table-header-group}
tr,figure:not(.table),.sample{break-inside:avoid}
figure svg{width:82%}
pre{font-size:7.4pt}
}
`;
