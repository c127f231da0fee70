/**
 * The completion token by token, coloured by how uncertain the policy was, with the exact values of the token that is
 * pointed at or, with the arrow keys, stepped to.
 */
import { type KeyboardEvent, memo, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { formatNumber, formatPercent, NO_VALUE } from '../../../src-shared/format.ts';
import type { RolloutDetail } from '../../../src-shared/rollout.ts';
import { endsOf, type HeatStatistic, heatColour, heatOf, heatScale, statisticsOf } from '../../lib/token-heat.ts';
import css from './TokenHeat.module.css';

interface TokenHeatProps {
  readonly rollout: RolloutDetail;
  readonly statistic: HeatStatistic;
}

interface Pointed {
  readonly token: number;
  readonly left: number;
  readonly top: number;
}

export function TokenHeat({ rollout, statistic }: TokenHeatProps) {
  const { tokenTexts, stats } = rollout;
  const frame = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const scale = useMemo(() => heatScale(statistic, stats, tokenTexts.length), [statistic, stats, tokenTexts]);
  const colours = useMemo(
    () => tokenTexts.map((_, t) => heatColour(heatOf(scale, statistic.of(stats, t)))),
    [tokenTexts, scale, statistic, stats],
  );

  const point = (token: number) => {
    const box = frame.current?.getBoundingClientRect();
    const at = frame.current?.querySelector(`[data-token="${token}"]`)?.getClientRects()[0];
    if (box === undefined || at === undefined) return;
    // Kept inside the frame on the right; below the token, so that the text before it stays readable.
    setPointed({
      token,
      left: Math.max(0, Math.min(at.left - box.left, box.width - 264)),
      top: at.bottom - box.top + 6,
    });
  };
  const onPointerMove = (event: PointerEvent) => {
    // What moves under a pointer at rest must not take the token from the keys.
    if (event.movementX === 0 && event.movementY === 0) return;
    const token = event.target instanceof HTMLElement ? event.target.dataset.token : undefined;
    if (token === undefined) setPointed(null);
    else if (Number(token) !== pointed?.token) point(Number(token));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') setPointed(null);
    const last = tokenTexts.length - 1;
    const to: Readonly<Record<string, number>> = {
      ArrowRight: pointed === null ? 0 : Math.min(last, pointed.token + 1),
      ArrowLeft: pointed === null ? 0 : Math.max(0, pointed.token - 1),
      Home: 0,
      End: last,
    };
    const token = to[event.key];
    if (token === undefined || token < 0) return;
    event.preventDefault();
    frame.current?.querySelector(`[data-token="${token}"]`)?.scrollIntoView({ block: 'nearest' });
    point(token);
  };
  // Past React, so that the token that is pointed at can be marked without drawing thousands of others again.
  useEffect(() => {
    const token = pointed === null ? null : frame.current?.querySelector(`[data-token="${pointed.token}"]`);
    token?.setAttribute('data-pointed', '');
    return () => token?.removeAttribute('data-pointed');
  }, [pointed]);
  const unit = statistic.unit === '' ? '' : ` ${statistic.unit}`;
  return (
    <>
      <div className={css.legend}>
        <span>
          {endsOf(statistic)[0]} {formatNumber(scale.certain)}
        </span>
        <span className={css.ramp} aria-hidden>
          {Array.from({ length: 12 }, (_, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a fixed ramp
            <span key={i} style={{ background: heatColour(i / 11) }} />
          ))}
        </span>
        <span>
          {formatNumber(scale.uncertain)}
          {unit} {endsOf(statistic)[1]}
        </span>
        <span className={css.about}>
          {statistic.help} At temperature {rollout.temperature}.
        </span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a text with a cursor of its own has no element */}
      <div
        ref={frame}
        className={css.frame}
        role="group"
        aria-label={`Tokens coloured by ${statistic.title.toLowerCase()}; arrow keys step through them`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: stepped through with the arrow keys
        tabIndex={0}
        onPointerMove={onPointerMove}
        onPointerLeave={() => setPointed(null)}
        onKeyDown={onKeyDown}
        onFocus={(event) => event.currentTarget.matches(':focus-visible') && point(pointed?.token ?? 0)}
        onBlur={() => setPointed(null)}
      >
        <Tokens texts={tokenTexts} colours={colours} />
        {pointed === null ? null : <Values rollout={rollout} pointed={pointed} statistic={statistic} />}
      </div>
    </>
  );
}

/** Apart, so that moving the pointer does not draw thousands of tokens again. */
const Tokens = memo(function Tokens({ texts, colours }: { texts: readonly string[]; colours: readonly string[] }) {
  return (
    <pre className={css.tokens}>
      {texts.map((text, t) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a token is its position
        <span key={t} data-token={t} style={{ background: colours[t] }}>
          {text === '' ? '\u2205' : text}
        </span>
      ))}
    </pre>
  );
});

interface ValuesProps extends TokenHeatProps {
  readonly pointed: Pointed;
}

function Values({ rollout, statistic, pointed: { token, left, top } }: ValuesProps) {
  const { stats, tokenTexts } = rollout;
  const logprob = stats.logprob[token];
  const rows: { label: string; value: string; shown: boolean }[] = [
    {
      label: 'Probability',
      value: logprob === undefined ? NO_VALUE : formatPercent(Math.exp(logprob), 2),
      shown: false,
    },
    ...statisticsOf(stats).map((s) => ({
      label: s.title,
      value: [formatNumber(s.of(stats, token)), s.unit].join(' ').trim(),
      shown: s.id === statistic.id,
    })),
    { label: 'Top-1', value: formatPercent(stats.top1[token], 2), shown: false },
    { label: 'Top-2', value: formatPercent(stats.top2[token], 2), shown: false },
  ];
  return (
    <div className={css.values} style={{ left, top }} role="status">
      <p className={css.token}>
        <span className="mono">{JSON.stringify(tokenTexts[token] ?? '')}</span>
        <span className="faint">
          {token + 1} of {tokenTexts.length}
        </span>
      </p>
      <dl>
        {rows.map(({ label, value, shown }) => (
          <div key={label} data-shown={shown}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
