import { existsSync } from 'node:fs';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { events } from '../../../src-shared/api.ts';
import { startSupervisor } from '../../fixtures/supervisor.ts';

describe('resuming', () => {
  test('an interrupted run replays the steps after its checkpoint, without doubles', async () => {
    const s = await startSupervisor();
    const runId = await s.launch({ name: 'crash@6', steps: 8, checkpointEvery: 4 });
    await s.reaches(runId, 'interrupted');
    expect(s.store.steps.last(runId)).toBe(5);
    const before = s.published.length;
    await s.supervisor.resume(runId);
    await s.reaches(runId, 'interrupted');
    const again = s.published
      .slice(before)
      .flatMap((p) => (p.event === 'step' ? [events.step.parse(p.payload).step] : []));
    expect(again).toEqual([5]);
    expect(s.store.rollouts.steps(runId).map(({ step, count }) => [step, count])).toEqual(
      [0, 1, 2, 3, 4, 5].map((step) => [step, 2]),
    );
  });

  test('a run without a checkpoint starts from the beginning', async () => {
    const s = await startSupervisor();
    const runId = await s.launch({ name: 'throw@3', steps: 4 });
    await s.reaches(runId, 'failed');
    const before = s.published.length;
    await s.supervisor.resume(runId);
    await s.reaches(runId, 'failed');
    const again = s.published
      .slice(before)
      .flatMap((p) => (p.event === 'step' ? [events.step.parse(p.payload).step] : []));
    expect(again).toEqual([0, 1, 2]);
  });

  test('a finished run goes on with more steps only', async () => {
    const s = await startSupervisor();
    const runId = await s.launch({ steps: 3 });
    await s.reaches(runId, 'finished');
    await expect(s.supervisor.resume(runId)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('more than 3'),
    });
    await expect(s.supervisor.resume(runId, 3)).rejects.toMatchObject({ code: 'conflict' });
    await expect(s.supervisor.resume(runId, 2e6)).rejects.toMatchObject({ code: 'usage', path: 'limits.steps' });
    await s.supervisor.resume(runId, 5);
    await s.reaches(runId, 'finished');
    expect(s.supervisor.summary(runId)).toMatchObject({ step: 5, steps: 5 });
    expect(s.store.checkpoints.ofRun(runId).map((c) => c.step)).toEqual([3, 5]);
  });

  test('a damaged checkpoint is passed over with a note; when all are, the run cannot go on', async () => {
    const s = await startSupervisor();
    const runId = await s.launch({ steps: 6, checkpointEvery: 2 });
    await s.reaches(runId, 'finished');
    const [second, fourth, sixth] = s.store.checkpoints.ofRun(runId).map((c) => c.folder) as [string, string, string];
    await truncate(join(sixth, 'model.safetensors'), 200);
    await rm(join(fourth, 'checkpoint.json'));
    await s.supervisor.resume(runId, 7);
    await s.reaches(runId, 'finished');
    const notes = s.store.notes.ofRun(runId).map((n) => [n.level, n.message]);
    expect(notes).toEqual([
      ['warning', expect.stringMatching(/step 6 is damaged.*model\.safetensors.*truncated/)],
      ['warning', expect.stringMatching(/step 4 is damaged.*checkpoint\.json/)],
    ]);
    expect(s.store.checkpoints.ofRun(runId).map((c) => c.step)).toEqual([2, 4, 6, 7]);

    for (const { folder } of s.store.checkpoints.ofRun(runId)) await writeFile(join(folder, 'model.safetensors'), 'no');
    expect(existsSync(second)).toBe(true);
    await expect(s.supervisor.resume(runId, 9)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('no whole checkpoint'),
    });
    expect(s.store.runs.get(runId).status).toBe('finished');
  });
});

describe('start from', () => {
  test('a checkpoint of another run, recorded as the parent', async () => {
    const s = await startSupervisor();
    const first = await s.launch({ steps: 2 });
    await s.reaches(first, 'finished');
    const second = await s.launch({ policy: `checkpoint:${first}-2`, steps: 1 });
    await s.reaches(second, 'finished');
    expect(s.supervisor.summary(second).parentCheckpointId).toBe(`${first}-2`);
    expect(s.store.checkpoints.ofRun(second).map((c) => c.parentId)).toEqual([`${first}-2`]);
  });

  test('what is missing or damaged is refused before a run exists', async () => {
    const s = await startSupervisor();
    const refused = async (policy: string, message: RegExp) => {
      await expect(s.launch({ policy })).rejects.toMatchObject({
        code: 'usage',
        path: 'policy.source',
        message: expect.stringMatching(message),
      });
    };
    await refused('/nowhere', /^policy\.source: \/nowhere: there is no such file or folder/);
    await refused('checkpoint:nobody-3', /^policy\.source: there is no checkpoint nobody-3; none exists yet$/);
    const config = await readFile(join(s.policy, 'config.json'), 'utf8');
    await writeFile(join(s.policy, 'config.json'), config.replace(/"vocab_size": *512/, '"vocab_size": 500'));
    await refused(s.policy, /model\.embed_tokens\.weight/);
    await writeFile(join(s.policy, 'config.json'), config);
    const tokenizer = await readFile(join(s.policy, 'tokenizer_config.json'), 'utf8');
    await rm(join(s.policy, 'tokenizer_config.json'));
    await refused(s.policy, /tokenizer_config\.json: there is no such file/);
    const chats = { ...JSON.parse(tokenizer), prompt_template: 'chat', chat_template: '{% if %}' };
    await writeFile(join(s.policy, 'tokenizer_config.json'), JSON.stringify(chats));
    await refused(s.policy, /^policy\.source: chat template: /);
    await writeFile(join(s.policy, 'tokenizer_config.json'), tokenizer);
    await truncate(join(s.policy, 'model.safetensors'), 300);
    await refused(s.policy, /model\.safetensors: .*truncated/);
    expect(s.store.runs.all()).toEqual([]);
  });

  test('a policy of another shape: its tokens and positions must suffice', async () => {
    const s = await startSupervisor();
    // 256 positions, all of which the response would take, and all but two dozen.
    await expect(s.launch({ maxNewTokens: 256 })).rejects.toMatchObject({
      path: 'rollouts.maxNewTokens',
      message: expect.stringMatching(
        /^rollouts\.maxNewTokens: 256 is too long for problem tinypy-\S+ \(\d+ tokens\): the policy has 256 positions/,
      ),
    });
    await expect(s.launch({ maxNewTokens: 232 })).rejects.toMatchObject({
      message: expect.stringMatching(/so at most 2\d\d are allowed$/),
    });
    const tokenizer = await readFile(join(s.policy, 'tokenizer.json'), 'utf8');
    await writeFile(join(s.policy, 'tokenizer.json'), tokenizer.replace('"id": 1,', '"id": 900,'));
    await expect(s.launch({})).rejects.toMatchObject({
      path: 'policy.source',
      message: expect.stringMatching(/has a tokenizer of 901 tokens, and an embedding of 512 rows/),
    });
    expect(s.store.runs.all()).toEqual([]);
  });
});
