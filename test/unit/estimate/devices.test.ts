import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { devicesOf, parseCards } from '../../../src-main/estimate/devices.ts';
import { machineName } from '../../../src-main/estimate/machine.ts';
import { measureRate, Rates } from '../../../src-main/estimate/rate.ts';
import { nodeWorker, type StartWorker } from '../../../src-main/runs/worker-process.ts';
import { deviceCalls, gigaflops, memorySize } from '../../../src-shared/devices.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';

test('cards are read as nvidia-smi prints them; what is none is passed over', () => {
  // As `--format=csv,noheader,nounits` prints it (nvidia-smi 535, two cards).
  const text = 'NVIDIA GeForce RTX 4090, 24564, 535.161.08\nNVIDIA A100-SXM4-80GB, 81920, 535.161.08\n';
  expect(parseCards(text)).toEqual([
    { name: 'NVIDIA GeForce RTX 4090', memoryMb: 24_564, driver: '535.161.08' },
    { name: 'NVIDIA A100-SXM4-80GB', memoryMb: 81_920, driver: '535.161.08' },
  ]);
  for (const none of ['', 'No devices were found\n', 'Tesla, [N/A], 470.1\n', 'a, b\n', 'a, -1, 2\n'])
    expect(parseCards(none)).toEqual([]);
});

test('an engine that was never measured has no rate, and WebGPU no memory; a measurement is kept, and asked for again it is made anew', async () => {
  const home = await temporaryFolder();
  let measured = 0;
  const start: StartWorker = (_, { onMessage, onExit }) => ({
    pid: 1,
    send: (question) => {
      measured++;
      expect(question).toEqual({ engine: 'kernels-wasm', products: true });
      onMessage({ rate: { generating: 1, training: 1, products: 25e9 * measured, device: 'CPU', build: 'b' } });
      onExit({ code: 0, signal: null });
    },
    kill: () => undefined,
  });
  const rates = new Rates(home, start, 'nowhere');
  const before = await devicesOf(rates, false);
  expect(measured).toBe(0);
  expect(before.every(({ gflops, device }) => gflops === null && device === null)).toBe(true);
  for (const { engine, unavailable, memoryMb } of before)
    if (engine === 'tfjs-webgpu' || unavailable !== null) expect(memoryMb).toBeNull();
  expect(before.find(({ engine }) => engine === 'tfjs-cpu')?.memoryMb).toBeGreaterThan(256);

  const of = (devices: typeof before) => devices.find(({ engine }) => engine === 'kernels-wasm');
  expect(of(await devicesOf(rates, 'kernels-wasm'))).toMatchObject({ gflops: 25, device: 'CPU', build: 'b' });
  expect(of(await devicesOf(new Rates(home, start, 'nowhere'), false))).toMatchObject({ gflops: 25 });
  expect(of(await devicesOf(rates, 'kernels-wasm'))).toMatchObject({ gflops: 50 });
  deviceCalls.devices.output.parse(await devicesOf(rates, false));

  // Of another machine, or damaged: not believed.
  const file = join(home, 'rates.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace(machineName(), 'another'));
  expect(of(await devicesOf(new Rates(home, start, 'nowhere'), false))?.gflops).toBeNull();
});

test('a rate of products is of the order of what the machine can do, and is measured in another process', async () => {
  const home = await temporaryFolder();
  const entry = join(import.meta.dirname, '../../../src-main/measure.ts');
  const rate = await new Rates(home, nodeWorker, entry).measure('kernels-wasm');
  // One core that adds and multiplies 4 to 16 numbers a cycle makes some to some hundred thousand million a second.
  expect(rate?.products).toBeGreaterThan(1e8);
  expect(rate?.products).toBeLessThan(1e14);
  expect(rate?.device).toContain('WebAssembly');
}, 200_000);

test('without products none is measured', async () => {
  expect(Object.keys(await measureRate('kernels-wasm')).sort()).toEqual(['generating', 'training']);
}, 180_000);

test('for people', () => {
  expect([gigaflops(null), gigaflops(0.123), gigaflops(45.2), gigaflops(812.4)]).toEqual([
    'not measured',
    '0.12 GFLOP/s',
    '45 GFLOP/s',
    '812 GFLOP/s',
  ]);
  expect([memorySize(null), memorySize(24_564)]).toEqual(['unknown', '24.0 GiB']);
});
