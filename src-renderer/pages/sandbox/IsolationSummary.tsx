/** Which isolation holds programs in, what it contains and what not, and how to get the strongest. */
import { Tooltip } from '@mantine/core';
import { IconCheck, IconShieldCheck, IconShieldHalf, IconShieldX, IconX } from '@tabler/icons-react';
import type { SandboxInfo } from '../../../src-shared/api.ts';
import { useSandboxCheck } from '../../data/queries.ts';
import css from './IsolationSummary.module.css';

type Claim = SandboxInfo['claims'][number];

export function IsolationSummary({ info }: { info: SandboxInfo }) {
  const { isolation, claims, advice } = info;
  const report = useSandboxCheck().data?.report;
  // What was seen to fail is protected no more, whatever is claimed.
  const failed = new Set(report?.results.flatMap(({ claim, held }) => (held === false ? [claim] : [])));
  const kept = claims.filter(({ id, claimed }) => claimed && !failed.has(id));
  // Where something stronger could be had, no whole shield, whatever holds.
  const whole = kept.length === claims.length && advice === null;
  const Icon = whole ? IconShieldCheck : failed.size > 0 ? IconShieldX : IconShieldHalf;
  const tone = whole ? 'kept' : failed.size > 0 ? 'failed' : 'open';
  return (
    <header className={css.summary}>
      <div className={css.line}>
        <Icon size={18} stroke={1.75} className={css.icon} data-tone={tone} aria-hidden />
        <h2 className={css.level}>{isolation.level}</h2>
        <p className={css.detail}>{withoutLevel(isolation.detail, isolation.level)}</p>
      </div>
      <div className={css.claims}>
        <Claims title="Protects" tone="kept" claims={kept} />
        <Claims title="Does not protect" tone="open" claims={claims.filter(({ claimed }) => !claimed)} />
        <Claims title="Failed to protect" tone="failed" claims={claims.filter(({ id }) => failed.has(id))} />
      </div>
      {advice === null ? null : <p className={css.advice}>{advice}</p>}
    </header>
  );
}

interface ClaimsProps {
  readonly title: string;
  readonly tone: 'kept' | 'open' | 'failed';
  readonly claims: readonly Claim[];
}

function Claims({ title, tone, claims }: ClaimsProps) {
  if (claims.length === 0) return null;
  const Icon = tone === 'kept' ? IconCheck : IconX;
  return (
    <div className={css.group} data-tone={tone}>
      <span className="faint">{title}</span>
      <ul aria-label={title}>
        {claims.map(({ id, title: promise }) => (
          <Tooltip key={id} label={tone === 'kept' ? `${promise}.` : `Not so here: ${promise.toLowerCase()}.`}>
            <li>
              <Icon size={12} stroke={2.5} aria-hidden />
              {id}
            </li>
          </Tooltip>
        ))}
      </ul>
    </div>
  );
}

/** The detail begins with the level, which stands before it already. */
const withoutLevel = (detail: string, level: string): string =>
  detail.startsWith(`${level}: `) ? detail.slice(level.length + 2) : detail;
