/** electron-builder.yml against electron-builder's own schema and against the files that are there. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const require = createRequire(import.meta.url);

interface BuilderConfig {
  readonly files: readonly (string | { filter?: readonly string[] })[];
  readonly asarUnpack: readonly string[];
  readonly npmRebuild: boolean;
  readonly directories: { readonly buildResources: string };
  readonly linux: { readonly target: unknown; readonly icon: string };
  readonly mac: { readonly target: unknown; readonly icon: string };
  readonly win: { readonly target: unknown; readonly icon: string };
}

async function loadConfig(file: string | null): Promise<BuilderConfig> {
  // Not part of its public face, but the only check that needs neither network nor Electron.
  const { getConfig, validateConfiguration } = require('app-builder-lib/out/util/config/config.js');
  const { DebugLogger } = require('builder-util');
  const config = await getConfig(root, file, null);
  await validateConfiguration(config, new DebugLogger(false));
  return config;
}

test('the configuration is valid and makes the five packages', async () => {
  const config = await loadConfig(null);
  expect([config.linux.target, config.mac.target, config.win.target]).toEqual([['AppImage', 'deb'], ['dmg'], ['nsis']]);
  for (const { icon } of [config.linux, config.mac, config.win]) expect(existsSync(join(root, icon))).toBe(true);
});

test('native modules and resources lie outside the archive; spare Nodes stay out', async () => {
  const config = await loadConfig(null);
  expect(config.asarUnpack).toEqual(expect.arrayContaining(['**/*.node', 'resources/**']));
  const patterns = config.files.flatMap((entry) => (typeof entry === 'string' ? [entry] : (entry.filter ?? [])));
  expect(patterns).toEqual(
    expect.arrayContaining(['out/**', 'resources/**', '!node_modules/node-{linux,win,darwin,bin}-*/**']),
  );
  expect(config.npmRebuild).toBe(false);
});

test('the check notices what is wrong', async () => {
  const { validateConfiguration } = require('app-builder-lib/out/util/config/config.js');
  const { DebugLogger } = require('builder-util');
  await expect(validateConfiguration({ appId: 1, linux: { targets: [] } }, new DebugLogger(false))).rejects.toThrow();
});
