/** The component kit dressed as Assay: one accent, three neutral surfaces, 13 px, 4 px grid. Values live in app.css. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

/** The one colour of what can be acted on. Shade 6 on white and white on shades 6-8 reach 4.5:1. */
const accent: MantineColorsTuple = [
  '#eef3fe',
  '#dbe5fb',
  '#b5c9f6',
  '#8dacf1',
  '#6c93ec',
  '#4f7fe4',
  '#2f63d3',
  '#2857bd',
  '#234ca6',
  '#1c3d86',
];

/** The kit's neutral ramp in the dark, from text to the deepest surface; the same blue-grey as app.css. */
const dark: MantineColorsTuple = [
  '#e4e7eb',
  '#a3acb8',
  '#8791a0',
  '#5c6673',
  '#3a414b',
  '#2a2f37',
  '#1b1f24',
  '#16191d',
  '#101215',
  '#0b0d0f',
];

const quick = { transitionProps: { duration: 80 } };

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 6 },
  colors: { accent, dark },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif",
  fontFamilyMonospace:
    "ui-monospace, 'SF Mono', 'Cascadia Mono', 'JetBrains Mono', Menlo, Consolas, 'Liberation Mono', monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '13px', lg: '15px', xl: '18px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '3px', sm: '4px', md: '6px', lg: '8px', xl: '12px' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  headings: { fontWeight: '600' },
  components: {
    Button: { defaultProps: { size: 'xs' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 28 } },
    TextInput: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs', checkIconPosition: 'right', comboboxProps: quick, allowDeselect: false } },
    Autocomplete: { defaultProps: { size: 'xs', comboboxProps: quick } },
    SegmentedControl: { defaultProps: { size: 'xs', transitionDuration: 80 } },
    Switch: { defaultProps: { size: 'xs' } },
    Menu: { defaultProps: { ...quick, position: 'bottom-end', shadow: 'sm' } },
    Popover: { defaultProps: { ...quick, shadow: 'sm' } },
    Modal: { defaultProps: { ...quick, closeButtonProps: { 'aria-label': 'Close' } } },
    Tooltip: {
      defaultProps: {
        ...quick,
        openDelay: 300,
        multiline: true,
        maw: 320,
        fz: 12,
        events: { hover: true, focus: true, touch: true },
      },
    },
    Tabs: { defaultProps: { keepMounted: false } },
  },
});

/** The kit's own colours follow ours. */
export const cssVariables: CSSVariablesResolver = () => {
  const ours = {
    '--mantine-color-body': 'var(--surface)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--text-dim)',
    '--mantine-color-placeholder': 'var(--text-faint)',
    '--mantine-color-default': 'var(--field)',
    '--mantine-color-default-hover': 'var(--raised)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-error': 'var(--state-failed)',
    '--mantine-color-anchor': 'var(--accent-text)',
  };
  return { variables: {}, light: ours, dark: ours };
};
