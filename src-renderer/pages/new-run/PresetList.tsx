/** Starting points of a run. Edits stay when another one is chosen: they are differences, whatever from. */
import type { Catalogue } from '../../../src-shared/api.ts';
import css from './PresetList.module.css';

interface PresetListProps {
  readonly presets: Catalogue['presets'];
  readonly chosen: string | null;
  readonly onChoose: (preset: string | null) => void;
}

export function PresetList({ presets, chosen, onChoose }: PresetListProps) {
  return (
    <aside className={`${css.list} scroll`} aria-label="Presets">
      <h2 className={`section-title ${css.title}`}>Start from</h2>
      <ul>
        {presets.map((preset) => (
          <li key={preset.id}>
            <button
              type="button"
              className={css.preset}
              aria-pressed={preset.id === chosen}
              aria-label={preset.title}
              aria-describedby={`preset-${preset.id}`}
              onClick={() => onChoose(preset.id)}
            >
              <span className={css.name}>{preset.title}</span>
              <span id={`preset-${preset.id}`} className={css.help}>
                {preset.help}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </aside>
  );
}
