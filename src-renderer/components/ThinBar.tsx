/** Progress as a line of two pixels: there when looked for, never in the way. */
import css from './ThinBar.module.css';

interface ThinBarProps {
  /** 0..1 */
  readonly fraction: number;
  readonly label: string;
  readonly tone?: 'running' | 'quiet';
}

export function ThinBar({ fraction, label, tone = 'running' }: ThinBarProps) {
  const percent = Math.round(Math.min(1, Math.max(0, fraction)) * 1000) / 10;
  return (
    <div
      className={css.bar}
      data-tone={tone}
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}
